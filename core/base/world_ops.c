// SPDX-License-Identifier: GPL-2.0-or-later
/* The hooks of the world-ops table (set while nothing runs), and names of worlds. */
#include "core/base/world_ops.h"

#include <string.h>

struct world_hooks world_hooks;

#define VERSION_PARTS 3
struct version { u32 part[VERSION_PARTS]; unsigned parts; };

/* "7.3" or "7.3.4"; false where the text is not one. */
static bool version_parse(const char *s, size_t len, struct version *v)
{
	size_t i = 0;

	memset(v, 0, sizeof(*v));
	for (v->parts = 0; v->parts < VERSION_PARTS; v->parts++) {
		u32 *part = &v->part[v->parts];
		size_t start = i;

		for (; i < len && s[i] >= '0' && s[i] <= '9' && *part < 100000; i++)
			*part = *part * 10 + (u32)(s[i] - '0');
		if (i == start)
			return false;
		if (i == len) {
			v->parts++;
			return true;
		}
		if (s[i++] != '.')
			return false;
	}
	return false;
}

/* By the parts that b has: 7.3.4 equals 7.3. */
static int version_compare(const struct version *a, const struct version *b)
{
	for (unsigned i = 0; i < b->parts; i++) {
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	}
	return 0;
}

static int version_matches(const struct world_ops *w, const char *spec, size_t len)
{
	bool less = *spec == '<', greater = *spec == '>', equal = *spec == '=';
	struct version wanted, have;
	size_t skip = 1;
	int order;

	if (!less && !greater && !equal)
		return -EINVAL;
	if (!equal && len > 1 && spec[1] == '=') {
		equal = true;
		skip = 2;
	}
	if (!version_parse(spec + skip, len - skip, &wanted))
		return -EINVAL;
	/* A development tree may call itself "7.4-rc1": the numbers count. */
	if (!w || !w->version || !version_parse(w->version, strspn(w->version, "0123456789."), &have))
		return 0;
	order = version_compare(&have, &wanted);
	return (order < 0 && less) || (order > 0 && greater) || (order == 0 && equal);
}

int world_matches(const struct world_ops *w, const char *spec, size_t len)
{
	static const char tree[] = "tree";
	size_t prefix = sizeof(tree) - 1;
	bool is_tree = w && strncmp(w->name, "tree:", prefix + 1) == 0;
	int ret;

	if (len == strlen("model") && memcmp(spec, "model", len) == 0)
		return w && strcmp(w->name, "model") == 0;
	if (len < prefix || memcmp(spec, tree, prefix) != 0)
		return -EINVAL;
	if (len == prefix)
		return is_tree;
	if (spec[prefix] == ':') {
		if (len == prefix + 1)
			return -EINVAL;
		return w && strlen(w->name) == len && memcmp(spec, w->name, len) == 0;
	}
	ret = version_matches(w, spec + prefix, len - prefix);
	return ret < 0 ? ret : ret && is_tree;
}
