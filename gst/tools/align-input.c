/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "align-input.h"

#include <record/trib-ndjson.h>
#include <record/trib-record-fused.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define BLOCK (64 * 1024)
#define MAX_LINE_BYTES (16 * 1024 * 1024)
#define MAX_REPORTS 20 /* of single invalid lines */

struct _AlignInput {
  gchar *name;
  gint fd;
  volatile sig_atomic_t *stop;
  TribNdjson *lines;
  TribRecordReader *reader;
  gchar block[BLOCK];
  gboolean at_end;
  gint64 now;
  guint64 n_bad;
  GHashTable *names;   /* of sources, terminated */
  GHashTable *streams; /* of TribStreamKey */
  const gchar *expected[TRIB_RECORD_MAX_NAMES + 1];
};

AlignInput *
align_input_open (const gchar *path, volatile sig_atomic_t *stop, GError **error)
{
  TribRecordLimits limits = { .max_depth = TRIB_RECORD_ANSWER_MAX_DEPTH };
  gboolean is_stdin = path == NULL || g_str_equal (path, "-");
  gint fd = is_stdin ? STDIN_FILENO : open (path, O_RDONLY | O_CLOEXEC);
  AlignInput *input;

  if (fd < 0) {
    g_set_error (
        error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
    return NULL;
  }
  input = g_new0 (AlignInput, 1);
  input->name = g_strdup (is_stdin ? "standard input" : path);
  input->fd = fd;
  input->stop = stop;
  input->lines = trib_ndjson_new (MAX_LINE_BYTES);
  input->reader = trib_record_reader_new (&limits);
  input->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  input->streams = g_hash_table_new_full (
      trib_stream_key_hash, trib_stream_key_equal, (GDestroyNotify) trib_stream_key_unref, NULL);
  return input;
}

void
align_input_close (AlignInput *input)
{
  if (input->fd != STDIN_FILENO)
    close (input->fd);
  trib_ndjson_free (input->lines);
  trib_record_reader_free (input->reader);
  g_hash_table_unref (input->names);
  g_hash_table_unref (input->streams);
  g_free (input->name);
  g_free (input);
}

/* Signals are unblocked here only, so that none is lost between a test and a read. FALSE:
 * interrupted */
static gboolean
wait_for_data (AlignInput *input)
{
  sigset_t none;
  fd_set fds;

  sigemptyset (&none);
  do {
    FD_ZERO (&fds);
    FD_SET (input->fd, &fds);
  } while (!*input->stop && pselect (input->fd + 1, &fds, NULL, NULL, NULL, &none) < 0
           && errno == EINTR);
  return !*input->stop;
}

/* FALSE: the end, an interruption, or an error. Lines that were read are returned before waiting
 * for more. */
static gboolean
read_line (AlignInput *input, TribNdjsonLine *ret_line, GError **error)
{
  while (!trib_ndjson_next (input->lines, ret_line)) {
    gssize n;
    if (input->at_end || !wait_for_data (input))
      return FALSE;
    n = read (input->fd, input->block, BLOCK);
    if (n > 0) {
      trib_ndjson_push (input->lines, input->block, (gsize) n);
    } else if (n == 0) {
      input->at_end = TRUE;
      trib_ndjson_end (input->lines);
    } else if (errno != EINTR) {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", input->name,
          g_strerror (errno));
      return FALSE;
    }
  }
  return TRUE;
}

static void
report_invalid (AlignInput *input, const TribNdjsonLine *line, const gchar *why)
{
  if (input->n_bad < MAX_REPORTS)
    g_printerr ("tributary-align: %s, line %" G_GUINT64_FORMAT " is skipped: %s\n", input->name,
        line->number, why);
  else if (input->n_bad == MAX_REPORTS)
    g_printerr ("tributary-align: %s: further invalid lines are skipped\n", input->name);
  input->n_bad++;
}

/* for as long as the input is open */
static const gchar *
intern (AlignInput *input, const gchar *text)
{
  gpointer found;

  if (!g_hash_table_lookup_extended (input->names, text, &found, NULL)) {
    found = g_strdup (text);
    g_hash_table_add (input->names, found);
  }
  return found;
}

/* terminated, for as long as the input is open */
static const gchar *
name_of (AlignInput *input, TribRecordSlice slice)
{
  gchar text[TRIB_RECORD_MAX_TEXT_BYTES + 1];

  if (slice.str == NULL || slice.len == 0 || slice.len >= sizeof text)
    return NULL;
  memcpy (text, slice.str, slice.len);
  text[slice.len] = '\0';
  return intern (input, text);
}

/* (nullable): for as long as the input is open */
static TribStreamKey *
stream_of (AlignInput *input, const TribRecordEnvelope *e)
{
  g_autoptr (TribStreamKey) key = trib_stream_key_from_record (e);
  gpointer found = NULL;

  if (key && !g_hash_table_lookup_extended (input->streams, key, &found, NULL)) {
    found = trib_stream_key_ref (key);
    g_hash_table_add (input->streams, found);
  }
  return found;
}

static const gchar *
take_record (AlignInput *input, const TribRecordEnvelope *e, AlignLine *line)
{
  TribAlignRecord *r = &line->record;

  /* both enumerations begin with the same kinds */
  if (e->kind > TRIB_RECORD_KIND_EOS)
    return "neither a record of a source nor a clock line";
  if (!trib_record_has (e, TRIB_RECORD_FIELD_ARRIVAL_NS))
    return "a record without arrival_ns";
  r->kind = (TribAlignKind) e->kind;
  r->source = name_of (input, e->source);
  if (r->source == NULL && r->kind != TRIB_ALIGN_KIND_ANNOUNCE)
    return "a record without source";
  if (!trib_record_has (e, TRIB_RECORD_FIELD_T_NS) && r->kind != TRIB_ALIGN_KIND_EOS)
    return "a record without t_ns";
  line->now_ns = e->arrival_ns;
  r->stream = stream_of (input, e);
  r->has_frame_id = trib_record_has (e, TRIB_RECORD_FIELD_FRAME_ID);
  r->frame_id = e->frame_id;
  r->has_seq = trib_record_has (e, TRIB_RECORD_FIELD_SEQ);
  r->seq = e->seq;
  r->t_ns = e->t_ns;
  r->part = (guint) MIN (e->part, G_MAXUINT);
  r->parts = (guint) MIN (e->parts, G_MAXUINT);
  r->is_late = trib_record_has (e, TRIB_RECORD_FIELD_LATE) && e->late;
  r->format = TRIB_RECORD_JSON;
  r->text = e->record;
  if (trib_record_has (e, TRIB_RECORD_FIELD_REASON))
    r->reason = e->reason;
  if (r->kind == TRIB_ALIGN_KIND_ANNOUNCE && trib_record_has (e, TRIB_RECORD_FIELD_EXPECTED)) {
    for (guint i = 0; i < e->n_names; i++)
      input->expected[i] = name_of (input, e->names[i]);
    input->expected[e->n_names] = NULL;
    r->expected = input->expected;
  }
  return NULL;
}

static void
take_clock (AlignInput *input, const TribRecordEnvelope *e, AlignLine *line)
{
  line->kind = ALIGN_LINE_CLOCK;
  line->now_ns = e->now_ns;
  if (trib_record_has (e, TRIB_RECORD_FIELD_STOPPED)) {
    line->kind = e->stopped ? ALIGN_LINE_STOPPED : ALIGN_LINE_GOING;
  } else if (trib_record_has (e, TRIB_RECORD_FIELD_FLUSH)) {
    line->kind = ALIGN_LINE_FLUSH;
    line->name = name_of (input, e->flush);
    line->stream = stream_of (input, e);
  } else if (e->flush_all) {
    line->kind = ALIGN_LINE_FLUSH;
  } else if (trib_record_has (e, TRIB_RECORD_FIELD_SHIFT_NS)) {
    line->kind = ALIGN_LINE_SHIFT;
    line->shift_ns = e->shift_ns;
  } else if (e->finished) {
    line->kind = ALIGN_LINE_FINISH;
  } else if (trib_record_has (e, TRIB_RECORD_FIELD_EXPECTED)) {
    g_autoptr (GString) list = g_string_new (NULL);
    for (guint i = 0; i < e->n_names; i++) {
      g_string_append (list, i > 0 ? "," : "");
      g_string_append_len (list, e->names[i].str, (gssize) e->names[i].len);
    }
    line->kind = ALIGN_LINE_SOURCES;
    line->name = intern (input, list->str);
  }
}

/* lines of obsaligner about decisions begin with this */
static gboolean
is_decision (const TribNdjsonLine *line)
{
  static const gchar head[] = "{\"v\":1,\"ev\":";

  return line->len >= strlen (head) && memcmp (line->text, head, strlen (head)) == 0;
}

static gboolean
parse (AlignInput *input, const TribNdjsonLine *text, AlignLine *line)
{
  g_autoptr (GError) error = NULL;
  TribRecordEnvelope e;
  const gchar *why = NULL;

  *line = (AlignLine){ 0 };
  if (text->text == NULL)
    why = "longer than 16 MiB";
  else if (!trib_record_envelope_parse (
               input->reader, TRIB_RECORD_JSON, text->text, text->len, &e, &error))
    why = error->message;
  else if (e.kind == TRIB_RECORD_KIND_CLOCK)
    take_clock (input, &e, line);
  else
    why = take_record (input, &e, line);
  if (why)
    report_invalid (input, text, why);
  return why == NULL;
}

gboolean
align_input_next (AlignInput *input, AlignLine *ret_line, GError **error)
{
  TribNdjsonLine text;

  while (read_line (input, &text, error)) {
    if ((text.text && is_decision (&text)) || !parse (input, &text, ret_line))
      continue;
    input->now = MAX (input->now, ret_line->now_ns);
    return TRUE;
  }
  return FALSE;
}

void
align_line_apply (const AlignLine *line, TribAlignStreams *align)
{
  g_autoptr (GError) error = NULL;

  if (line->kind == ALIGN_LINE_RECORD) {
    trib_align_streams_push (align, &line->record, line->now_ns);
    return;
  }
  trib_align_streams_advance (align, line->now_ns);
  if (line->kind == ALIGN_LINE_STOPPED || line->kind == ALIGN_LINE_GOING)
    trib_align_streams_set_stopped (align, line->kind == ALIGN_LINE_STOPPED, line->now_ns);
  else if (line->kind == ALIGN_LINE_FLUSH && line->name)
    trib_align_streams_flush_source (align, line->stream, line->name, line->now_ns);
  else if (line->kind == ALIGN_LINE_FLUSH)
    trib_align_streams_flush (align, line->now_ns);
  else if (line->kind == ALIGN_LINE_FINISH)
    trib_align_streams_finish (align, line->now_ns);
  else if (line->kind == ALIGN_LINE_SOURCES
           && !trib_align_streams_set_sources (align, line->name, &error))
    g_printerr ("tributary-align: %s: keeping the previous sources\n", error->message);
}

gint64
align_input_now (const AlignInput *input)
{
  return input->now;
}

guint64
align_input_n_bad (const AlignInput *input)
{
  return input->n_bad;
}
