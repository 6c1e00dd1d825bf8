/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table of properties on a GObject: defaults, ranges, setting and getting, copies of fields. */
#include <gst/gst.h>

#include <shared/trib-properties.h>

typedef struct {
  gchar *text, *nullable;
  gint mode;
  guint n;
  gint64 offset;
  guint64 bytes;
  gdouble factor;
  gboolean on;
  GstStructure *options;
} Fields;

enum {
  PROP_TEXT = 1,
  PROP_NULLABLE,
  PROP_MODE,
  PROP_N,
  PROP_OFFSET,
  PROP_BYTES,
  PROP_FACTOR,
  PROP_ON,
  PROP_OPTIONS,
  PROP_STATS,
  N_PROPS
};

#define AT(field) G_STRUCT_OFFSET (Fields, field)

/* clang-format off */
static const TribProperty table[N_PROPS] = {
  [PROP_TEXT] = { TRIB_PROPERTY_TEXT, "text", "Text", "A text of its own", AT (text), .text = "a" },
  [PROP_NULLABLE] = { TRIB_PROPERTY_TEXT, "nullable", "Nullable", "A text that may be NULL",
      AT (nullable), .is_nullable = TRUE },
  [PROP_MODE] = { TRIB_PROPERTY_ENUM, "mode", "Mode", "One of three modes", AT (mode),
      .initial = 1, .type_name = "TestSharedMode", .choices = {
        { "zero", "Nothing" }, { "one", "Something" }, { "two", "All" } } },
  [PROP_N] = { TRIB_PROPERTY_UINT, "n", "N", "A number of things", AT (n), 1, 10, 3 },
  [PROP_OFFSET] = { TRIB_PROPERTY_INT64, "offset", "Offset", "A number below zero",
      AT (offset), .initial = -5 },
  [PROP_BYTES] = { TRIB_PROPERTY_UINT64, "bytes", "Bytes", "A number without a limit",
      AT (bytes), 0, G_MAXUINT64, 7 },
  [PROP_FACTOR] = { TRIB_PROPERTY_DOUBLE, "factor", "Factor", "A number between 0 and 2",
      AT (factor), 0, 2, 0.5, .while_playing = TRUE },
  [PROP_ON] = { TRIB_PROPERTY_BOOL, "on", "On", "Whether it is on", AT (on), .initial = 1 },
  [PROP_OPTIONS] = { TRIB_PROPERTY_STRUCTURE, "options", "Options", "A structure, or none",
      AT (options) },
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics", "What has no field" },
};
/* clang-format on */
static const TribProperties properties = TRIB_PROPERTIES (table);

typedef struct {
  GstObject parent;
  Fields fields;
} TestObject;
typedef GstObjectClass TestObjectClass;

GType test_object_get_type (void);
G_DEFINE_TYPE (TestObject, test_object, GST_TYPE_OBJECT)

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  trib_properties_set_locked (
      &properties, &((TestObject *) object)->fields, object, id, value, pspec);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  trib_properties_get_locked (
      &properties, &((TestObject *) object)->fields, object, id, value, pspec);
}

static void
finalize (GObject *object)
{
  trib_properties_clear (&properties, &((TestObject *) object)->fields);
  G_OBJECT_CLASS (test_object_parent_class)->finalize (object);
}

static void
test_object_init (TestObject *self)
{
  trib_properties_init (&properties, &self->fields);
}

static void
test_object_class_init (TestObjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  trib_properties_install_class (&properties, object_class);
}

static TestObject *
make_object (void)
{
  return gst_object_ref_sink (g_object_new (test_object_get_type (), NULL));
}

static void
test_defaults (void)
{
  TestObject *object = make_object ();
  const Fields *f = &object->fields;

  g_assert_cmpstr (f->text, ==, "a");
  g_assert_null (f->nullable);
  g_assert_cmpint (f->mode, ==, 1);
  g_assert_cmpuint (f->n, ==, 3);
  g_assert_cmpint (f->offset, ==, -5);
  g_assert_cmpuint (f->bytes, ==, 7);
  g_assert_cmpfloat (f->factor, ==, 0.5);
  g_assert_true (f->on);
  g_assert_null (f->options);
  gst_object_unref (object);
}

/* what the table says is what GObject, and so gst-inspect and the pages, show */
static void
test_specs (void)
{
  TestObject *object = make_object ();
  GObjectClass *klass = G_OBJECT_GET_CLASS (object);

  for (guint id = 1; id < N_PROPS; id++) {
    GParamSpec *spec = g_object_class_find_property (klass, table[id].name);

    g_assert_nonnull (spec);
    g_assert_cmpstr (g_param_spec_get_blurb (spec), ==, table[id].blurb);
    g_assert_cmpint (!!(spec->flags & G_PARAM_WRITABLE), ==, id != PROP_STATS);
    g_assert_cmpint (!!(spec->flags & GST_PARAM_MUTABLE_PLAYING), ==, id == PROP_FACTOR);
  }
  g_assert_cmpuint (G_PARAM_SPEC_UINT64 (g_object_class_find_property (klass, "bytes"))->maximum,
      ==, G_MAXUINT64);
  g_assert_cmpuint (G_PARAM_SPEC_UINT (g_object_class_find_property (klass, "n"))->maximum, ==, 10);
  gst_object_unref (object);
}

static void
test_set_and_get (void)
{
  TestObject *object = make_object ();
  g_autoptr (GstStructure) options = gst_structure_new ("o", "x", G_TYPE_INT, 3, NULL), got = NULL;
  g_autofree gchar *text = NULL;
  guint64 bytes;
  gint mode;

  g_object_set (object, "text", "b", "nullable", "c", "n", 10, "offset", G_MININT64, "bytes",
      G_MAXUINT64, "factor", 2.0, "on", FALSE, "options", options, NULL);
  gst_util_set_object_arg (G_OBJECT (object), "mode", "two");
  g_object_get (object, "text", &text, "bytes", &bytes, "mode", &mode, "options", &got, NULL);
  g_assert_cmpstr (text, ==, "b");
  g_assert_cmpuint (bytes, ==, G_MAXUINT64);
  g_assert_cmpint (mode, ==, 2);
  g_assert_true (gst_structure_is_equal (got, options));
  g_assert_cmpint (object->fields.offset, ==, G_MININT64);
  g_assert_false (object->fields.on);
  /* NULL is the default of a text, unless NULL is a value */
  g_object_set (object, "text", NULL, "nullable", NULL, "options", NULL, NULL);
  g_assert_cmpstr (object->fields.text, ==, "a");
  g_assert_null (object->fields.nullable);
  g_assert_null (object->fields.options);
  gst_object_unref (object);
}

/* a copy outlives what it was copied of */
static void
test_own (void)
{
  TestObject *object = make_object ();
  g_autoptr (GstStructure) options = gst_structure_new ("o", "x", G_TYPE_INT, 3, NULL);
  Fields copy;

  g_object_set (object, "nullable", "c", "options", options, NULL);
  copy = object->fields;
  trib_properties_own (&properties, &copy);
  gst_object_unref (object);
  g_assert_cmpstr (copy.text, ==, "a");
  g_assert_cmpstr (copy.nullable, ==, "c");
  g_assert_true (gst_structure_is_equal (copy.options, options));
  trib_properties_clear (&properties, &copy);
  g_assert_null (copy.text);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shared-properties/defaults", test_defaults);
  g_test_add_func ("/shared-properties/specs", test_specs);
  g_test_add_func ("/shared-properties/set-and-get", test_set_and_get);
  g_test_add_func ("/shared-properties/own", test_own);
  return g_test_run ();
}
