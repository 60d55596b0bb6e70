/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No program is loaded; headers ask for these names. */
#ifndef __ASM_ELF_H
#define __ASM_ELF_H

#define ELF_CLASS ELFCLASS64
#define ELF_DATA ELFDATA2LSB
#define ELF_ARCH 62
#define ELF_EXEC_PAGESIZE 4096
#define ELF_ET_DYN_BASE 0
#define ELF_HWCAP 0
#define ELF_PLATFORM NULL
#define ELF_NGREG 27
#define elf_check_arch(header) 1

typedef unsigned long elf_greg_t;
typedef elf_greg_t elf_gregset_t[ELF_NGREG];
typedef struct {
	int unused;
} elf_fpregset_t;

#endif
