/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of fields: each kind becomes a field of its type, and tables of one name add up. */
#include <gst/gst.h>

#include <shared/trib-fields.h>

typedef struct {
  guint64 u64;
  gint64 i64;
  guint u;
  gint i;
  gboolean b;
  gdouble d;
  const gchar *text, *none;
  const gchar *const *texts;
  guint64 counts[3];
  GPtrArray *list;
} Values;

static const gchar *
to_string (guint index)
{
  static const gchar *const names[] = { "late", "lost", "large" };

  return names[index];
}

#define AT(field) G_STRUCT_OFFSET (Values, field)

static const TribField fields[] = {
  { "u64", TRIB_FIELD_UINT64, AT (u64), "a uint64" },
  { "i64", TRIB_FIELD_INT64, AT (i64), "an int64" },
  { "u", TRIB_FIELD_UINT, AT (u), "a uint" },
  { "i", TRIB_FIELD_INT, AT (i), "an int" },
  { "b", TRIB_FIELD_BOOL, AT (b), "a boolean" },
  { "d", TRIB_FIELD_DOUBLE, AT (d), "a double" },
  { "text", TRIB_FIELD_TEXT, AT (text), "a text" },
  { "none", TRIB_FIELD_TEXT, AT (none), "no text" },
  { "texts", TRIB_FIELD_TEXTS, AT (texts), "texts" },
  { "list", TRIB_FIELD_LIST, AT (list), "structures" },
};
static const TribField counts[] = {
  { "dropped-", TRIB_FIELD_COUNTS, AT (counts), "all", .n = 3, .to_string = to_string },
};
static const TribField nonzero[] = {
  { "failed-", TRIB_FIELD_COUNTS, AT (counts), "some", .n = 3, .to_string = to_string,
      .nonzero = TRUE },
};
static const TribFieldTable tables[] = {
  TRIB_FIELD_TABLE ("test-table", "always", fields),
  TRIB_FIELD_TABLE ("test-table", NULL, counts),
  TRIB_FIELD_TABLE ("test-table", NULL, nonzero),
};

static guint64
get_uint64 (const GstStructure *s, const gchar *name)
{
  guint64 value = 0;

  g_assert_true (gst_structure_get_uint64 (s, name, &value));
  return value;
}

static void
assert_list (const GstStructure *s)
{
  const GValue *list = gst_structure_get_value (s, "list"),
               *texts = gst_structure_get_value (s, "texts");

  g_assert_cmpuint (gst_value_array_get_size (list), ==, 1);
  g_assert_true (gst_structure_has_name (
      gst_value_get_structure (gst_value_array_get_value (list, 0)), "inner"));
  g_assert_cmpuint (gst_value_array_get_size (texts), ==, 2);
  g_assert_cmpstr (g_value_get_string (gst_value_array_get_value (texts, 1)), ==, "b");
}

static void
test_kinds (void)
{
  static const gchar *const texts[] = { "a", "b", NULL };
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  const Values values = { G_MAXUINT64, G_MININT64, G_MAXUINT, G_MININT, TRUE, 0.5, "text", NULL,
    texts, { 0 }, list };
  g_autoptr (GstStructure) s = NULL;
  gint64 i64;
  guint u;
  gint i;
  gboolean b;
  gdouble d;

  g_ptr_array_add (list, gst_structure_new_empty ("inner"));
  s = trib_fields_to_structure (&tables[0], &values);
  g_assert_true (gst_structure_has_name (s, "test-table"));
  g_assert_true (gst_structure_get (s, "i64", G_TYPE_INT64, &i64, "u", G_TYPE_UINT, &u, "i",
      G_TYPE_INT, &i, "b", G_TYPE_BOOLEAN, &b, "d", G_TYPE_DOUBLE, &d, NULL));
  g_assert_cmpuint (get_uint64 (s, "u64"), ==, G_MAXUINT64);
  g_assert_cmpint (i64, ==, G_MININT64);
  g_assert_cmpuint (u, ==, G_MAXUINT);
  g_assert_cmpint (i, ==, G_MININT);
  g_assert_true (b);
  g_assert_cmpfloat (d, ==, 0.5);
  g_assert_cmpstr (gst_structure_get_string (s, "text"), ==, "text");
  g_assert_cmpstr (gst_structure_get_string (s, "none"), ==, "");
  assert_list (s);
}

static void
test_counts (void)
{
  const Values values = { .counts = { 1, 0, 3 } };
  g_autoptr (GstStructure) s = trib_fields_to_structure (&tables[1], &values);

  trib_fields_add_table (s, &tables[2], &values);
  g_assert_cmpint (gst_structure_n_fields (s), ==, 5);
  g_assert_cmpuint (get_uint64 (s, "dropped-late"), ==, 1);
  g_assert_cmpuint (get_uint64 (s, "dropped-lost"), ==, 0);
  g_assert_cmpuint (get_uint64 (s, "failed-large"), ==, 3);
  g_assert_false (gst_structure_has_field (s, "failed-lost"));
}

static void
test_message (void)
{
  g_autoptr (GstObject) source = gst_object_ref_sink (g_object_new (GST_TYPE_BUFFER_POOL, NULL));
  const Values values = { .counts = { 1, 2, 3 } };
  g_autoptr (GstMessage) message = trib_fields_to_message (source, &tables[1], &values);

  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ELEMENT);
  g_assert_true (GST_MESSAGE_SRC (message) == source);
  g_assert_cmpuint (get_uint64 (gst_message_get_structure (message), "dropped-lost"), ==, 2);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shared-fields/kinds", test_kinds);
  g_test_add_func ("/shared-fields/counts", test_counts);
  g_test_add_func ("/shared-fields/message", test_message);
  return g_test_run ();
}
