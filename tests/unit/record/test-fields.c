/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-record-envelope.h>

/* The table of fields by itself, and docs/records.md, whose second half is made from it:
 *
 *   build/tests/unit/test-record-fields --write docs/records.md */

#define MARK "<!-- from here on made from gst/record/trib-record-fields.c -->\n"

static gchar *
page_of_today (const gchar *path, gchar **ret_there)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) page = NULL;
  const gchar *mark;

  g_file_get_contents (path, ret_there, NULL, &error);
  g_assert_no_error (error);
  mark = strstr (*ret_there, MARK);
  g_assert_nonnull (mark);
  page = g_string_new_len (*ret_there, mark + strlen (MARK) - *ret_there);
  g_string_append_c (page, '\n');
  trib_record_fields_describe (page);
  g_string_truncate (page, page->len - 1);
  return g_string_free (g_steal_pointer (&page), FALSE);
}

static void
test_documentation (void)
{
  g_autofree gchar *path
      = g_build_filename (g_getenv ("TRIB_SOURCE_ROOT"), "docs", "records.md", NULL);
  g_autofree gchar *there = NULL;
  g_autofree gchar *today = page_of_today (path, &there);

  if (strcmp (there, today) != 0)
    g_test_message ("run: build/tests/unit/test-record-fields --write docs/records.md");
  g_assert_cmpstr (there, ==, today);
}

static void
test_table (void)
{
  guint64 used = 0;

  for (guint i = 0; i < TRIB_RECORD_N_FIELDS; i++) {
    const TribRecordField *field = trib_record_field ((TribRecordFieldId) i);
    g_assert_cmpint (trib_record_field_lookup (field->name, strlen (field->name)), ==, i);
    g_assert_nonnull (field->description);
  }
  g_assert_cmpint (trib_record_field_lookup ("t_n", 3), ==, TRIB_RECORD_N_FIELDS);
  g_assert_cmpint (trib_record_field_lookup ("", 0), ==, TRIB_RECORD_N_FIELDS);
  for (guint i = 0; i < TRIB_RECORD_N_KINDS; i++) {
    const TribRecordKindInfo *info = trib_record_kind_info ((TribRecordKind) i);
    g_assert_cmpint (trib_record_kind_lookup (info->word, info->name, strlen (info->name)), ==, i);
    g_assert_cmpuint (info->required & (info->optional | info->one_of | info->one_of_too), ==, 0);
    g_assert_cmpuint (info->optional & (info->one_of | info->one_of_too), ==, 0);
    used |= trib_record_kind_fields ((TribRecordKind) i);
    /* two fields of one kind never share a place in the envelope */
    for (guint a = 0; a < TRIB_RECORD_N_FIELDS; a++)
      for (guint b = 0; b < a; b++)
        if ((trib_record_kind_fields ((TribRecordKind) i) >> a) & 1
            && (trib_record_kind_fields ((TribRecordKind) i) >> b) & 1)
          g_assert_cmpuint (trib_record_field ((TribRecordFieldId) a)->offset, !=,
              trib_record_field ((TribRecordFieldId) b)->offset);
  }
  g_assert_cmpuint (used, ==, (G_GUINT64_CONSTANT (1) << TRIB_RECORD_N_FIELDS) - 1);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--write") == 0) {
    g_autofree gchar *there = NULL;
    g_autofree gchar *today = page_of_today (argv[2], &there);
    return g_file_set_contents (argv[2], today, -1, NULL) ? 0 : 1;
  }
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record-fields/table", test_table);
  g_test_add_func ("/record-fields/documentation", test_documentation);
  return g_test_run ();
}
