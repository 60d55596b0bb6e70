/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of functions for stacks: the symbol table of the running executable,
 * read once. Static functions are in it, inlined ones are not.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/types.h"
#include "core/engine/symbols.h"

struct symbol {
	uintptr_t start, end;
	const char *name;
};

static struct symbol *symbols;
static size_t nsymbols;

static int symbol_cmp(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int first_object(struct dl_phdr_info *info, size_t size, void *base)
{
	(void)size;
	*(uintptr_t *)base = info->dlpi_addr;
	return 1; /* the executable is the first */
}

static void symbols_read(const char *image, size_t size, uintptr_t load)
{
	const Elf64_Ehdr *eh = (const void *)image;
	const Elf64_Shdr *sh;

	if (size < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh->e_shoff + (size_t)eh->e_shnum * sizeof(*sh) > size)
		return;
	sh = (const void *)(image + eh->e_shoff);
	for (unsigned i = 0; i < eh->e_shnum; i++) {
		const Elf64_Sym *sym = (const void *)(image + sh[i].sh_offset);
		const char *strings;
		size_t n = sh[i].sh_size / sizeof(*sym);

		if (sh[i].sh_type != SHT_SYMTAB || sh[i].sh_link >= eh->e_shnum)
			continue;
		strings = image + sh[sh[i].sh_link].sh_offset;
		symbols = calloc(n, sizeof(*symbols));
		for (size_t s = 0; symbols && s < n; s++) {
			if (ELF64_ST_TYPE(sym[s].st_info) != STT_FUNC || !sym[s].st_value)
				continue;
			symbols[nsymbols].start = load + sym[s].st_value;
			symbols[nsymbols].end = load + sym[s].st_value + sym[s].st_size;
			symbols[nsymbols++].name = strings + sym[s].st_name;
		}
		qsort(symbols, nsymbols, sizeof(*symbols), symbol_cmp);
		return;
	}
}

static uintptr_t base; /* where the executable was loaded */

static void symbols_load(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *image;

	if (fd < 0)
		return;
	dl_iterate_phdr(first_object, &base);
	if (fstat(fd, &st) == 0) {
		image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (image != MAP_FAILED) /* stays mapped: the names lie in it */
			symbols_read(image, (size_t)st.st_size, base);
	}
	close(fd);
}


const char *symbol_name(const void *pc)
{
	static bool loaded;
	uintptr_t p = (uintptr_t)pc;
	size_t low = 0, high;

	if (!loaded) {
		loaded = true;
		symbols_load();
	}
	for (high = nsymbols; low < high;) {
		size_t mid = (low + high) / 2;

		if (symbols[mid].start <= p)
			low = mid + 1;
		else
			high = mid;
	}
	/* several names may start at one address, inner ones come last */
	for (size_t i = low; i > 0 && i + 8 > low; i--)
		if (p < symbols[i - 1].end)
			return symbols[i - 1].name;
	return "?";
}

size_t symbol_frame(char *buf, size_t size, unsigned number, const void *pc)
{
	const char *name = symbol_name(pc);
	int n = snprintf(buf, size, "    #%u 0x%lx in %s\n", number,
			 (unsigned long)((uintptr_t)pc - base), name);

	return n < 0 || !size ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
