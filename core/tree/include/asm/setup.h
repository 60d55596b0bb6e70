/* SPDX-License-Identifier: GPL-2.0-or-later */
/* There is no command line; its length is asked for. */
#define COMMAND_LINE_SIZE 256
