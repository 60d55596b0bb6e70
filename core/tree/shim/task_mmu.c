// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own fs/proc/task_mmu.c: what reads of /proc/self/smaps and smaps_rollup
 * walk. The text goes nowhere, but it is read in pieces, as through a small buffer:
 * the reader lets go of the mm behind each second area, and goes on where it was.
 * Left out: the file system around it (open files, other processes), maps, numa_maps,
 * pagemap, clear_refs.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

/* proc_fs.h has it only with a /proc; the file's huge pages of hugetlb are not there. */
typedef int (*proc_write_t)(struct file *file, char *buffer, size_t size);
#define HPAGE_SIZE HPAGE_PMD_SIZE
#define CONFIG_PROC_PAGE_MONITOR 1

/* The process is the calling task's own. */
#define get_pid_task(pid, type) current
#define put_task_struct(task) do { } while (0)

#define seq_printf(...) do { } while (0)
#define seq_puts(...) do { } while (0)
#define seq_putc(...) do { } while (0)
#define seq_pad(...) do { } while (0)
#define seq_path(...) do { } while (0)
#define seq_setwidth(...) do { } while (0)
#define seq_put_hex_ll(...) do { } while (0)
#define seq_put_decimal_ull(...) do { } while (0)
#define seq_put_decimal_ull_width(...) do { } while (0)
#define arch_vma_name(vma) NULL

#include "fs/proc/task_mmu.c"

#define AREAS_IN_BUFFER 2

/* As seq_read_iter() calls them: what was shown last is not shown again. */
static int read_smaps(struct seq_file *file)
{
	struct vm_area_struct *vma;
	loff_t pos = 0;
	int areas, ret = 0;

	do {
		vma = m_start(file, &pos);
		for (areas = 0; !IS_ERR_OR_NULL(vma) && areas < AREAS_IN_BUFFER; areas++) {
			ret = show_smap(file, vma);
			if (ret)
				break;
			vma = m_next(file, vma, &pos);
		}
		m_stop(file, vma);
	} while (!ret && !IS_ERR_OR_NULL(vma));
	return ret ?: PTR_ERR_OR_ZERO(vma);
}

static int read_by(int (*show)(struct seq_file *file), int mm)
{
	struct proc_maps_private priv = { .lock_ctx.mm = mm_enter(mm) };
	struct seq_file file = { .private = &priv };
	int ret;

	if (!priv.lock_ctx.mm)
		return -EINVAL;
	ret = show(&file);
	mm_leave(mm);
	return ret;
}

int tree_smaps(int mm)
{
	return read_by(read_smaps, mm);
}

static int read_rollup(struct seq_file *file)
{
	return show_smaps_rollup(file, NULL);
}

int tree_smaps_rollup(int mm)
{
	return read_by(read_rollup, mm);
}
