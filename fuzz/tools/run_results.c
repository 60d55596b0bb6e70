// SPDX-License-Identifier: GPL-2.0-or-later
/* Results of `swaprace run` as JSON, as JUnit XML and as SARIF 2.1.0. */
#include "fuzz/tools/run_results.h"

#include <stdlib.h>
#include <string.h>

#define SARIF_SCHEMA \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static int file_begin(struct results_file *f, const char *path)
{
	f->path = path;
	if (!path)
		return 0;
	f->stream = open_memstream(&f->text, &f->size);
	return f->stream ? 0 : bad_environment("run", "out of memory");
}

int results_begin(struct run_results *r, const char *json, const char *junit, const char *sarif)
{
	*r = (struct run_results){ .tests = 0 };
	if (file_begin(&r->json, json) || file_begin(&r->junit, junit) ||
	    file_begin(&r->sarif, sarif))
		return EXIT_ENVIRONMENT;
	return 0;
}

static const char *text_of(const char *s)
{
	return s ? s : "";
}

/* What a person wants to read first. */
static const char *message_of(const struct run_outcome *o)
{
	const char *title = text_of(o->title), *why = text_of(o->why);

	return *title ? title : *why ? why : "failed";
}

static void json_field(FILE *out, const char *name, const char *value)
{
	fprintf(out, ", \"%s\": ", name);
	print_json(out, text_of(value));
}

static void json_titles(FILE *out, const struct titles *t)
{
	fprintf(out, ", \"titles\": {");
	for (unsigned i = 0; i < t->count; i++) {
		fprintf(out, "%s", i ? ", " : "");
		print_json(out, t->seen[i].title);
		fprintf(out, ": %llu", (unsigned long long)t->seen[i].count);
	}
	fprintf(out, "}, \"other_titles\": %llu", (unsigned long long)t->others);
}

static void add_json(struct results_file *f, const struct run_outcome *o)
{
	static const char *const kinds[] = { "ok", "failed", "error", "skipped" };
	FILE *out = f->stream;

	fprintf(out, "%s\n  {\"file\": ", f->any ? "," : "[");
	print_json(out, o->path);
	json_field(out, "status", kinds[o->kind]);
	fprintf(out, ", \"ok\": %s", o->kind == OUTCOME_OK ? "true" : "false");
	json_field(out, "why", o->why);
	if (o->kind == OUTCOME_OK || o->kind == OUTCOME_FAILED) {
		json_field(out, "bug", o->bug);
		json_field(out, "title", o->title);
		json_field(out, "report", o->kind == OUTCOME_FAILED ? o->body : "");
		json_field(out, "replay", o->replay);
		if (o->seeded)
			fprintf(out, ", \"seed\": \"%llu\"", (unsigned long long)o->seed);
		fprintf(out, ", \"schedules\": %llu, \"good\": %llu, \"points\": %llu, "
			"\"hash\": \"%016llx\", \"hashes\": \"%016llx\", \"hash_at_bug\": \"%016llx\", "
			"\"truncated\": %llu",
			(unsigned long long)o->schedules, (unsigned long long)o->good,
			(unsigned long long)o->points, (unsigned long long)o->hash,
			(unsigned long long)o->hashes, (unsigned long long)o->hash_at_bug,
			(unsigned long long)o->truncated);
		json_titles(out, o->titles);
	}
	fprintf(out, ", \"seconds\": %.3f}", o->seconds);
}

static void junit_part(FILE *out, const char *element, const char *message,
		       const struct run_outcome *o)
{
	fprintf(out, "<%s message=\"", element);
	print_xml(out, message);
	fprintf(out, "\">");
	if (o->kind == OUTCOME_FAILED) {
		fprintf(out, "%llu of %llu schedules as expected", (unsigned long long)o->good,
			(unsigned long long)o->schedules);
		if (*text_of(o->why)) {
			fprintf(out, "; not met: ");
			print_xml(out, o->why);
		}
		fprintf(out, "\n");
		print_xml(out, text_of(o->body));
		fprintf(out, "replay: ");
		print_xml(out, text_of(o->replay));
	}
	fprintf(out, "</%s>", element);
}

static void add_junit(FILE *out, const struct run_outcome *o)
{
	fprintf(out, "<testcase classname=\"swaprace\" name=\"");
	print_xml(out, o->path);
	fprintf(out, "\" time=\"%.3f\">", o->seconds);
	if (o->kind == OUTCOME_FAILED)
		junit_part(out, "failure", message_of(o), o);
	else if (o->kind == OUTCOME_ERROR)
		junit_part(out, "error", text_of(o->why), o);
	else if (o->kind == OUTCOME_SKIPPED)
		junit_part(out, "skipped", text_of(o->why), o);
	fprintf(out, "</testcase>\n");
}

/* Percent-encoding: a path as a relative or an absolute reference. */
static void print_uri(FILE *out, const char *path)
{
	if (*path == '/')
		fprintf(out, "file://");
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if ((unsigned)((c | 0x20) - 'a') < 26 || (unsigned)(c - '0') < 10 || strchr("/-._~+", c))
			fputc(c, out);
		else
			fprintf(out, "%%%02X", c);
	}
}

/* The part of a title that says what kind of failure it is: before the function. */
static void print_rule(FILE *out, const char *title)
{
	const char *end = strstr(title, " in ");
	char rule[REPORT_TITLE_MAX];

	snprintf(rule, sizeof(rule), "%.*s", end ? (int)(end - title) : (int)strlen(title), title);
	print_json(out, *rule ? rule : "expectation");
}

static void add_sarif(struct results_file *f, const struct run_outcome *o)
{
	FILE *out = f->stream;
	const char *message = o->kind == OUTCOME_ERROR ? text_of(o->why) : message_of(o);
	u64 print = 0xcbf29ce484222325ull;

	for (const char *s = message; *s; s++)
		print = (print ^ (u8)*s) * 0x100000001b3ull;
	fprintf(out, "%s\n    {\"ruleId\": ", f->any ? "," : "");
	print_rule(out, o->kind == OUTCOME_ERROR ? "input" : text_of(o->title));
	fprintf(out, ", \"level\": \"error\", \"message\": {\"text\": ");
	{
		char *text = NULL;
		size_t size;
		FILE *t = open_memstream(&text, &size);

		if (t) {
			fprintf(t, "%s\n", message);
			if (o->kind == OUTCOME_FAILED)
				fprintf(t, "not met: %s\n%sreplay: %s\n", text_of(o->why),
					text_of(o->body), text_of(o->replay));
			fclose(t);
		}
		print_json(out, text ? text : message);
		free(text);
	}
	fprintf(out, "},\n     \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {\"uri\": \"");
	print_uri(out, o->path);
	fprintf(out, "\"}, \"region\": {\"startLine\": 1}}}],\n"
		"     \"partialFingerprints\": {\"swaprace/title/v1\": \"%016llx\"}}",
		(unsigned long long)print);
}

void results_add(struct run_results *r, const struct run_outcome *o)
{
	r->tests++;
	r->failures += o->kind == OUTCOME_FAILED;
	r->errors += o->kind == OUTCOME_ERROR;
	r->skipped += o->kind == OUTCOME_SKIPPED;
	r->seconds += o->seconds;
	if (r->json.stream) {
		add_json(&r->json, o);
		r->json.any = true;
	}
	if (r->junit.stream)
		add_junit(r->junit.stream, o);
	if (r->sarif.stream && (o->kind == OUTCOME_FAILED || o->kind == OUTCOME_ERROR)) {
		add_sarif(&r->sarif, o);
		r->sarif.any = true;
	}
}

/* head and tail stand around what was collected. */
static int file_end(struct results_file *f, const char *head, const char *tail)
{
	char *whole = NULL;
	size_t size;
	FILE *out;
	int status = EXIT_ENVIRONMENT;

	if (!f->stream)
		return 0;
	fclose(f->stream);
	out = open_memstream(&whole, &size);
	if (out) {
		fprintf(out, "%s", head);
		fwrite(f->text, 1, f->size, out);
		fprintf(out, "%s", tail);
		fclose(out);
		status = write_file(f->path, whole, size);
	}
	free(whole);
	free(f->text);
	f->stream = NULL;
	return status;
}

int results_end(struct run_results *r)
{
	char head[600];
	int status = file_end(&r->json, r->json.any ? "" : "[", "\n]\n"), s;

	snprintf(head, sizeof(head), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite "
		 "name=\"swaprace\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" "
		 "time=\"%.3f\">\n", r->tests, r->failures, r->errors, r->skipped, r->seconds);
	s = file_end(&r->junit, head, "</testsuite>\n");
	status = max(status, s);
	snprintf(head, sizeof(head), "{\"$schema\": \"" SARIF_SCHEMA "\",\n \"version\": \"2.1.0\",\n"
		 " \"runs\": [{\"tool\": {\"driver\": {\"name\": \"swaprace\", \"version\": \"%s\"}},\n"
		 "   \"invocations\": [{\"executionSuccessful\": %s}],\n   \"results\": [",
		 SWAPRACE_VERSION, r->errors ? "false" : "true");
	s = file_end(&r->sarif, head, "]}]}\n");
	return max(status, s);
}
