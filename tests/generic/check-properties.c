/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generic.h"

#include <string.h>

#include <trib-test.h>

/* Every property of the element's own class: set to its extremes in each state that allows it, and
 * it must read back what was set; every property at all is read in each state. */

#define ODD_TEXT "a \"quoted\" \\ text, \xc3\xa4 \xe6\x97\xa5 = { ! }"

typedef struct {
  GstElement *element;
  const gchar *state;
  GPtrArray *problems;
} Probe;

static void
free_value (gpointer data)
{
  g_value_unset (data);
  g_free (data);
}

static GValue *
add_value (GPtrArray *values, GType type)
{
  GValue *value = g_new0 (GValue, 1);

  g_value_init (value, type);
  g_ptr_array_add (values, value);
  return value;
}

#define ADD_RANGE(SPEC, set)                                          \
  G_STMT_START                                                        \
  {                                                                   \
    set (add_value (values, spec->value_type), SPEC (spec)->minimum); \
    set (add_value (values, spec->value_type), SPEC (spec)->maximum); \
  }                                                                   \
  G_STMT_END

static void
add_named_values (GPtrArray *values, GParamSpec *spec)
{
  if (G_IS_PARAM_SPEC_ENUM (spec)) {
    GEnumClass *class = G_PARAM_SPEC_ENUM (spec)->enum_class;

    for (guint i = 0; i < class->n_values; i++)
      g_value_set_enum (add_value (values, spec->value_type), class->values[i].value);
  } else if (G_IS_PARAM_SPEC_FLAGS (spec)) {
    GFlagsClass *class = G_PARAM_SPEC_FLAGS (spec)->flags_class;

    g_value_set_flags (add_value (values, spec->value_type), 0);
    g_value_set_flags (add_value (values, spec->value_type), class->mask);
    for (guint i = 0; i < class->n_values; i++)
      g_value_set_flags (add_value (values, spec->value_type), class->values[i].value);
  }
}

/* What to set: the extremes of the type, all its names, and at the end the default. */
static GPtrArray *
values_to_set (GParamSpec *spec)
{
  GPtrArray *values = g_ptr_array_new_with_free_func (free_value);

  if (G_IS_PARAM_SPEC_INT (spec))
    ADD_RANGE (G_PARAM_SPEC_INT, g_value_set_int);
  else if (G_IS_PARAM_SPEC_UINT (spec))
    ADD_RANGE (G_PARAM_SPEC_UINT, g_value_set_uint);
  else if (G_IS_PARAM_SPEC_INT64 (spec))
    ADD_RANGE (G_PARAM_SPEC_INT64, g_value_set_int64);
  else if (G_IS_PARAM_SPEC_UINT64 (spec))
    ADD_RANGE (G_PARAM_SPEC_UINT64, g_value_set_uint64);
  else if (G_IS_PARAM_SPEC_DOUBLE (spec))
    ADD_RANGE (G_PARAM_SPEC_DOUBLE, g_value_set_double);
  else if (G_IS_PARAM_SPEC_FLOAT (spec))
    ADD_RANGE (G_PARAM_SPEC_FLOAT, g_value_set_float);
  else if (G_IS_PARAM_SPEC_BOOLEAN (spec)) {
    g_value_set_boolean (add_value (values, spec->value_type), TRUE);
    g_value_set_boolean (add_value (values, spec->value_type), FALSE);
  } else if (G_IS_PARAM_SPEC_STRING (spec)) {
    add_value (values, spec->value_type); /* NULL */
    g_value_set_static_string (add_value (values, spec->value_type), "");
    g_value_set_static_string (add_value (values, spec->value_type), ODD_TEXT);
    g_value_take_string (add_value (values, spec->value_type), g_strnfill (100000, 'x'));
  } else if (spec->value_type == GST_TYPE_STRUCTURE) {
    add_value (values, spec->value_type); /* NULL */
    g_value_take_boxed (
        add_value (values, spec->value_type), gst_structure_new_empty ("some-structure"));
  } else {
    add_named_values (values, spec);
  }
  g_param_value_set_default (spec, add_value (values, spec->value_type));
  return values;
}

static gboolean
reads_back (GParamSpec *spec)
{
  /* texts and structures may be refused for what they say */
  return !G_IS_PARAM_SPEC_STRING (spec) && !G_IS_PARAM_SPEC_BOXED (spec)
         && !G_IS_PARAM_SPEC_OBJECT (spec) && (spec->flags & G_PARAM_READABLE);
}

static void
set_all_values (Probe *probe, GParamSpec *spec)
{
  GObject *object = G_OBJECT (probe->element);
  g_autoptr (GPtrArray) values = values_to_set (spec);
  g_auto (GValue) before = G_VALUE_INIT;

  g_value_init (&before, spec->value_type);
  if (spec->flags & G_PARAM_READABLE)
    g_object_get_property (object, spec->name, &before);
  else
    g_param_value_set_default (spec, &before);
  for (guint i = 0; i < values->len; i++) {
    const GValue *value = g_ptr_array_index (values, i);
    g_auto (GValue) now = G_VALUE_INIT;

    g_object_set_property (object, spec->name, value);
    if (!reads_back (spec))
      continue;
    g_value_init (&now, spec->value_type);
    g_object_get_property (object, spec->name, &now);
    if (g_param_values_cmp (spec, value, &now) != 0) {
      g_autofree gchar *wanted = g_strdup_value_contents (value);
      g_autofree gchar *got = g_strdup_value_contents (&now);
      generic_problem (
          probe->problems, "%s: %s set to %s reads %s", probe->state, spec->name, wanted, got);
    }
  }
  g_object_set_property (object, spec->name, &before);
}

static gboolean
may_set (GParamSpec *spec, GstState state)
{
  if (!(spec->flags & G_PARAM_WRITABLE) || (spec->flags & G_PARAM_CONSTRUCT_ONLY))
    return FALSE;
  switch (state) {
    case GST_STATE_READY:
      return (spec->flags
                 & (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PAUSED | GST_PARAM_MUTABLE_PLAYING))
             != 0;
    case GST_STATE_PLAYING:
      return (spec->flags & GST_PARAM_MUTABLE_PLAYING) != 0;
    default:
      return TRUE;
  }
}

static void
read_everything (Probe *probe)
{
  guint n = 0;
  g_autofree GParamSpec **specs
      = g_object_class_list_properties (G_OBJECT_GET_CLASS (probe->element), &n);

  for (guint i = 0; i < n; i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    if (!(specs[i]->flags & G_PARAM_READABLE))
      continue;
    g_value_init (&value, specs[i]->value_type);
    g_object_get_property (G_OBJECT (probe->element), specs[i]->name, &value);
    if (g_param_value_validate (specs[i], &value))
      generic_problem (probe->problems, "%s: %s reads a value that its own range refuses",
          probe->state, specs[i]->name);
  }
}

static void
collect_names (const GstStructure *structure, const gchar *prefix, GString *names)
{
  for (gint i = 0; i < gst_structure_n_fields (structure); i++) {
    const gchar *name = gst_structure_nth_field_name (structure, i);
    const GValue *value = gst_structure_get_value (structure, name);

    g_string_append_printf (names, "%s%s ", prefix, name);
    if (GST_VALUE_HOLDS_STRUCTURE (value) && gst_value_get_structure (value)) {
      g_autofree gchar *inner = g_strdup_printf ("%s%s.", prefix, name);
      collect_names (gst_value_get_structure (value), inner, names);
    }
  }
}

static gchar *
stats_names (GstElement *element)
{
  g_autoptr (GstStructure) stats = NULL;
  GString *names = g_string_new (NULL);

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "stats")) {
    g_object_get (element, "stats", &stats, NULL);
    if (stats)
      collect_names (stats, "", names);
  }
  return g_string_free (names, FALSE);
}

void
generic_check_properties (GstElementFactory *factory, GPtrArray *problems)
{
  static const GstState states[] = { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PLAYING };
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  g_autofree gchar *first_names = NULL;

  for (guint s = 0; s < G_N_ELEMENTS (states); s++) {
    g_autoptr (GstElement) element = generic_make (factory);
    g_autoptr (GstBus) bus = gst_bus_new ();
    Probe probe = { element, gst_element_state_get_name (states[s]), problems };
    g_autofree gchar *names = NULL;
    g_autofree GParamSpec **specs = NULL;
    guint n = 0;

    gst_element_set_bus (element, bus);
    if (gst_element_set_state (element, states[s]) == GST_STATE_CHANGE_FAILURE)
      generic_problem (problems, "%s: cannot go there", probe.state);
    specs = generic_own_properties (G_OBJECT (element), &n);
    for (guint i = 0; i < n; i++) {
      if (may_set (specs[i], states[s]))
        set_all_values (&probe, specs[i]);
    }
    read_everything (&probe);
    names = stats_names (element);
    if (!first_names)
      first_names = g_steal_pointer (&names);
    else if (!g_str_equal (first_names, names))
      generic_problem (problems, "stats has other fields in %s (%s) than in NULL (%s)", probe.state,
          names, first_names);
    /* with everything as before, it must still start */
    if (states[s] == GST_STATE_NULL
        && gst_element_set_state (element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE)
      generic_problem (problems, "cannot start after its properties were set to and fro in NULL");
    gst_element_set_state (element, GST_STATE_NULL);
    generic_drain_bus (bus, FALSE, probe.state, problems);
    gst_element_set_bus (element, NULL);
  }
}
