/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generic.h"

/* What gst-inspect-1.0 shows must be complete and follow docs/style.md. */

#define MUTABLE (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PAUSED | GST_PARAM_MUTABLE_PLAYING)
#define KEBAB "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

/* GStreamer's list (additional/design/draft-klass.md) */
static const gchar *const klass_words[]
    = { "Source", "Sink", "Filter", "Effect", "Demuxer", "Muxer", "Decoder", "Encoder", "Mixer",
        "Converter", "Analyzer", "Control", "Extracter", "Formatter", "Connector", "Payloader",
        "Depayloader", "Parser", "Codec", "Bin", "Generic", "Audio", "Video", "Image", "Text",
        "Metadata", "Subtitle", "Device", "Network", "File", "Visualization", "Debug", "Stats",
        "Colorspace", "Protocol", "Scaler", "Compositor", "Aggregator", NULL };

static gboolean
matches (const gchar *text, const gchar *pattern)
{
  return text && g_regex_match_simple (pattern, text, 0, 0);
}

static void
check_plugin (GstElementFactory *factory, GPtrArray *problems)
{
  g_autoptr (GstPlugin) plugin = gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (factory));
  const gchar *text;

  if (!plugin) {
    generic_problem (problems, "belongs to no plugin");
    return;
  }
  if (g_strcmp0 (gst_plugin_get_license (plugin), "LGPL") != 0)
    generic_problem (problems, "plugin: licence is not LGPL");
  if (g_strcmp0 (gst_plugin_get_source (plugin), "gst-tributary") != 0)
    generic_problem (problems, "plugin: source package is not gst-tributary");
  if (!matches (gst_plugin_get_package (plugin), "\\S"))
    generic_problem (problems, "plugin: no package name");
  if (g_strcmp0 (gst_plugin_get_origin (plugin), "gst-tributary") != 0)
    generic_problem (problems, "plugin: origin is not gst-tributary");
  if (!matches (gst_plugin_get_version (plugin), "^[0-9]+\\.[0-9]+"))
    generic_problem (problems, "plugin: no version");
  text = gst_plugin_get_description (plugin);
  if (!matches (text, "^[A-Z]\\S*(\\s+\\S+)+$"))
    generic_problem (problems, "plugin: description '%s' is not a sentence", text ? text : "");
}

static void
check_metadata (GstElementFactory *factory, GPtrArray *problems)
{
  const gchar *name = GST_OBJECT_NAME (factory);
  const gchar *long_name
      = gst_element_factory_get_metadata (factory, GST_ELEMENT_METADATA_LONGNAME);
  const gchar *about = gst_element_factory_get_metadata (factory, GST_ELEMENT_METADATA_DESCRIPTION);
  const gchar *author = gst_element_factory_get_metadata (factory, GST_ELEMENT_METADATA_AUTHOR);
  const gchar *klass = gst_element_factory_get_metadata (factory, GST_ELEMENT_METADATA_KLASS);
  g_auto (GStrv) words = g_strsplit (klass ? klass : "", "/", -1);

  if (!matches (name, "^[a-z][a-z0-9]+$"))
    generic_problem (problems, "name: not lower-case letters and digits");
  if (!matches (long_name, "^[A-Z].*[^.]$"))
    generic_problem (problems, "long name: '%s' is not a phrase", long_name ? long_name : "");
  /* "Sends each frame ...": a verb in the third person, and at least two more words */
  if (!matches (about, "^[A-Z][a-z-]*s(,? \\S+){2,}$"))
    generic_problem (problems, "description: '%s' is not a sentence such as 'Sends each frame ...'",
        about ? about : "");
  if (g_strcmp0 (author, "The gst-tributary authors") != 0)
    generic_problem (
        problems, "author: '%s' is not 'The gst-tributary authors'", author ? author : "");
  if (!words[0])
    generic_problem (problems, "klass: none");
  for (guint i = 0; words[i]; i++) {
    if (!g_strv_contains (klass_words, words[i]))
      generic_problem (problems, "klass: '%s' is not a word of GStreamer's list", words[i]);
  }
}

/* Elements that find others by class (decodebin, encodebin, rtpbin) must not take one of ours for
 * what it is not: at any rank, as users set ranks. */
static void
check_lists (GstElementFactory *factory, GPtrArray *problems)
{
  static const struct {
    GstElementFactoryListType type;
    const gchar *name;
    const gchar *allowed; /* the only one that is such an element */
  } lists[] = {
    { GST_ELEMENT_FACTORY_TYPE_ENCODER, "an encoder", "frameencodebin" },
    { GST_ELEMENT_FACTORY_TYPE_DECODER, "a decoder", NULL },
    { GST_ELEMENT_FACTORY_TYPE_PARSER, "a parser", "ndjsonparse" },
    { GST_ELEMENT_FACTORY_TYPE_MUXER, "a muxer", NULL },
    { GST_ELEMENT_FACTORY_TYPE_DEMUXER, "a demuxer", NULL },
    { GST_ELEMENT_FACTORY_TYPE_PAYLOADER, "a payloader", NULL },
    { GST_ELEMENT_FACTORY_TYPE_DEPAYLOADER, "a depayloader", NULL },
    { GST_ELEMENT_FACTORY_TYPE_FORMATTER, "a formatter", NULL },
    { GST_ELEMENT_FACTORY_TYPE_DECRYPTOR, "a decryptor", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    if (gst_element_factory_list_is_type (factory, lists[i].type)
        && g_strcmp0 (lists[i].allowed, GST_OBJECT_NAME (factory)) != 0)
      generic_problem (problems, "klass: decodebin and encodebin take it for %s", lists[i].name);
  }
  if (gst_plugin_feature_get_rank (GST_PLUGIN_FEATURE (factory)) != GST_RANK_NONE)
    generic_problem (problems, "rank: decodebin and encodebin plug it by themselves");
}

static void
check_templates (GstElementFactory *factory, GPtrArray *problems)
{
  const GList *templates = gst_element_factory_get_static_pad_templates (factory);

  if (!templates)
    generic_problem (problems, "pads: no template");
  for (const GList *t = templates; t; t = t->next) {
    GstStaticPadTemplate *template = t->data;
    g_autoptr (GstCaps) caps = gst_static_pad_template_get_caps (template);

    if (gst_caps_is_empty (caps))
      generic_problem (problems, "pads: %s takes nothing", template->name_template);
  }
}

static gboolean
is_number (GParamSpec *spec)
{
  return G_IS_PARAM_SPEC_INT (spec) || G_IS_PARAM_SPEC_UINT (spec) || G_IS_PARAM_SPEC_INT64 (spec)
         || G_IS_PARAM_SPEC_UINT64 (spec) || G_IS_PARAM_SPEC_DOUBLE (spec)
         || G_IS_PARAM_SPEC_FLOAT (spec) || G_IS_PARAM_SPEC_LONG (spec)
         || G_IS_PARAM_SPEC_ULONG (spec);
}

static gboolean
says_unit (GParamSpec *spec)
{
  return matches (spec->name,
             "-(ms|us|ns|s|bytes|kbps|bps|hz|percent|db|frames|buffers|records|partitions|pixels)$")
         || matches (g_param_spec_get_blurb (spec),
             "(?i)\\b(milliseconds?|microseconds?|nanoseconds?|seconds?|bytes?|percent|hertz|"
             "frames?|"
             "buffers?|records?|partitions?|pixels?|number of|how many)\\b"
             "|-?\\b[0-9.]+(:|( \\([^)]*\\))? (to|is|=|means)\\b)");
}

static void
check_names (GParamSpec *spec, GPtrArray *problems)
{
  if (G_IS_PARAM_SPEC_ENUM (spec)) {
    GEnumClass *class = G_PARAM_SPEC_ENUM (spec)->enum_class;

    for (guint i = 0; i < class->n_values; i++) {
      if (!matches (class->values[i].value_nick, "^[a-z0-9]+(-[a-z0-9]+)*$"))
        generic_problem (problems, "%s: value '%s' is not in kebab-case", spec->name,
            class->values[i].value_nick);
    }
  }
}

static void
check_property (GParamSpec *spec, GPtrArray *problems)
{
  const gchar *blurb = g_param_spec_get_blurb (spec);

  if (!matches (spec->name, KEBAB))
    generic_problem (problems, "%s: name is not in kebab-case", spec->name);
  if (!matches (blurb, "^[A-Z0-9].*\\S \\S+ \\S") || matches (blurb, "^The property"))
    generic_problem (problems, "%s: blurb '%s' is not a sentence", spec->name, blurb ? blurb : "");
  if ((spec->flags & G_PARAM_STATIC_STRINGS) != G_PARAM_STATIC_STRINGS)
    generic_problem (problems, "%s: no G_PARAM_STATIC_STRINGS", spec->name);
  if ((spec->flags & G_PARAM_WRITABLE) && !(spec->flags & (MUTABLE | G_PARAM_CONSTRUCT_ONLY)))
    generic_problem (
        problems, "%s: no GST_PARAM_MUTABLE_* says in which states it may be set", spec->name);
  if (is_number (spec) && !says_unit (spec))
    generic_problem (problems, "%s: neither name nor blurb states the unit", spec->name);
  if (G_IS_PARAM_SPEC_INT (spec) && G_PARAM_SPEC_INT (spec)->default_value == -1
      && !matches (blurb, "-1"))
    generic_problem (problems, "%s: blurb does not explain -1", spec->name);
  check_names (spec, problems);
}

static void
check_stats_fields (const GstStructure *stats, GPtrArray *problems)
{
  for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *name = gst_structure_nth_field_name (stats, i);
    GType type = gst_structure_get_field_type (stats, name);

    if (!matches (name, KEBAB))
      generic_problem (problems, "stats: field %s is not in kebab-case", name);
    if (type == GST_TYPE_STRUCTURE) {
      const GstStructure *inner = gst_value_get_structure (gst_structure_get_value (stats, name));
      if (inner)
        check_stats_fields (inner, problems);
    } else if (type == G_TYPE_INT || type == G_TYPE_UINT || type == G_TYPE_LONG
               || type == G_TYPE_ULONG || type == G_TYPE_FLOAT) {
      generic_problem (
          problems, "stats: field %s is a %s; counters are guint64", name, g_type_name (type));
    }
  }
}

static void
check_stats (GstElementFactory *factory, GstElement *element, GPtrArray *problems)
{
  g_autofree gchar *wanted = g_strdup_printf ("application/x-%s-stats", GST_OBJECT_NAME (factory));
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), "stats");
  g_autoptr (GstStructure) stats = NULL;

  if (!spec || spec->owner_type != G_OBJECT_TYPE (element)) {
    generic_problem (problems, "stats: no such property of its own");
    return;
  }
  if (spec->value_type != GST_TYPE_STRUCTURE || (spec->flags & G_PARAM_WRITABLE)) {
    generic_problem (problems, "stats: not a read-only GstStructure");
    return;
  }
  g_object_get (element, "stats", &stats, NULL);
  if (!stats) {
    generic_problem (problems, "stats: nothing in NULL");
    return;
  }
  if (!gst_structure_has_name (stats, wanted))
    generic_problem (problems, "stats: named %s, not %s", gst_structure_get_name (stats), wanted);
  check_stats_fields (stats, problems);
}

void
generic_check_inspect (GstElementFactory *factory, GPtrArray *problems)
{
  g_autoptr (GstElement) element = generic_make (factory);
  guint n = 0;
  g_autofree GParamSpec **specs = generic_own_properties (G_OBJECT (element), &n);

  check_plugin (factory, problems);
  check_lists (factory, problems);
  check_metadata (factory, problems);
  check_templates (factory, problems);
  for (guint i = 0; i < n; i++)
    check_property (specs[i], problems);
  check_stats (factory, element, problems);
}
