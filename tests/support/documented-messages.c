/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define GST_USE_UNSTABLE_API
#include "documented-messages.h"

#include <gst/gst.h>
#include <gst/gsttracer.h>

typedef struct {
  GstTracer parent;
} TribMessageWatch;

typedef struct {
  GstTracerClass parent_class;
} TribMessageWatchClass;

static GType trib_message_watch_get_type (void);
G_DEFINE_TYPE (TribMessageWatch, trib_message_watch, GST_TYPE_TRACER)

static void
trib_message_watch_class_init (TribMessageWatchClass *class)
{
}

static void
trib_message_watch_init (TribMessageWatch *self)
{
  /* lives as long as GStreamer does */
  GST_OBJECT_FLAG_SET (self, GST_OBJECT_FLAG_MAY_BE_LEAKED);
}

/* the item of @message under '## Messages', or NULL */
static gchar *
find_item (const gchar *page, const gchar *message)
{
  g_autofree gchar *pattern = g_strdup_printf (
      "(?s)\n## Messages\n(?:(?!\n## ).)*?\n- (`%s`(?:(?!\n- |\n## ).)*)", message);
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  return g_regex_match (regex, page, 0, &match) ? g_match_info_fetch (match, 1) : NULL;
}

/**
 * trib_message_field_is_documented:
 * @page: text of docs/elements/<element>.md
 * @message: name of an element message
 * @field: (nullable): a field of its structure; %NULL asks for the message itself
 *
 * A word in capitals within a documented name stands for anything: `failed-REASON`.
 */
gboolean
trib_message_field_is_documented (const gchar *page, const gchar *message, const gchar *field)
{
  g_autofree gchar *item = find_item (page, message);
  g_autoptr (GRegex) names = g_regex_new ("`([A-Za-z0-9-]+)`", 0, 0, NULL);
  g_autoptr (GRegex) capitals = g_regex_new ("[A-Z]+", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  if (!item || !field)
    return item != NULL;
  for (g_regex_match (names, item, 0, &match); g_match_info_matches (match);
       g_match_info_next (match, NULL)) {
    g_autofree gchar *name = g_match_info_fetch (match, 1);
    g_autofree gchar *any = g_regex_replace_literal (capitals, name, -1, 0, "[a-z0-9-]+", 0, NULL);
    g_autofree gchar *pattern = g_strdup_printf ("^%s$", any);

    if (g_regex_match_simple (pattern, field, 0, 0))
      return TRUE;
  }
  return FALSE;
}

static void
check_structure (const gchar *element, const GstStructure *structure)
{
  const gchar *root = g_getenv ("TRIB_SOURCE_ROOT");
  const gchar *name = gst_structure_get_name (structure);
  g_autofree gchar *file = g_strconcat (element, ".md", NULL);
  g_autofree gchar *path
      = g_build_filename (root ? root : SOURCE_ROOT, "docs", "elements", file, NULL);
  g_autofree gchar *page = NULL;

  if (!g_file_get_contents (path, &page, NULL, NULL)
      || !trib_message_field_is_documented (page, name, NULL)) {
    g_critical ("message %s has no item under '## Messages' of docs/elements/%s", name, file);
    return;
  }
  for (gint i = 0; i < gst_structure_n_fields (structure); i++) {
    const gchar *field = gst_structure_nth_field_name (structure, i);

    if (!trib_message_field_is_documented (page, name, field))
      g_critical ("message %s: its item in docs/elements/%s does not name the field `%s`", name,
          file, field);
  }
}

/* @thread: any */
static void
on_message (GstTracer *tracer, GstClockTime when, GstElement *element, GstMessage *message)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  const GstStructure *structure = gst_message_get_structure (message);
  g_autofree gchar *prefix = NULL;
  g_autoptr (GstPlugin) plugin = NULL;

  /* bins hand on what others say */
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT
      || GST_MESSAGE_SRC (message) != GST_OBJECT (element) || !factory || !structure)
    return;
  plugin = gst_plugin_feature_get_plugin (GST_PLUGIN_FEATURE (factory));
  prefix = g_strconcat (GST_OBJECT_NAME (factory), "-", NULL);
  if (plugin && g_strcmp0 (gst_plugin_get_source (plugin), "gst-tributary") == 0
      && g_str_has_prefix (gst_structure_get_name (structure), prefix))
    check_structure (GST_OBJECT_NAME (factory), structure);
}

/**
 * trib_watch_messages:
 *
 * From now until gst_deinit(). Call it once, after gst_init().
 */
void
trib_watch_messages (void)
{
  GstTracer *tracer = g_object_new (trib_message_watch_get_type (), NULL);

  gst_tracing_register_hook (tracer, "element-post-message-pre", G_CALLBACK (on_message));
  gst_object_unref (tracer);
}
