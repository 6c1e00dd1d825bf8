/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generic.h"

#include <string.h>
#include <unistd.h>

/* What an element needs to start by itself. Nothing here for most. A name of a socket is one of
 * this process: others may run the same test. */
static const struct {
  const gchar *element;
  const gchar *property;
  const gchar *value;
} preparation[] = {
  { "kafkabinarysink", "bootstrap-servers", "in-process" },
  { "kafkarecordsink", "bootstrap-servers", "in-process" },
  { "messageextract", "element", "identity" },
  { "obssink", "location", "@trib-generic-out" },
  { "obssrc", "location", "@trib-generic-in" },
};

static gboolean
is_ours (GstPlugin *plugin)
{
  const gchar *build = g_getenv ("TRIB_BUILD_ROOT");
  const gchar *file = gst_plugin_get_filename (plugin);

  return g_strcmp0 (gst_plugin_get_source (plugin), "gst-tributary") == 0
         || g_str_has_prefix (gst_plugin_get_name (plugin), "tributary")
         || (build && *build && file && g_str_has_prefix (file, build));
}

GList *
generic_factories (void)
{
  GstRegistry *registry = gst_registry_get ();
  GList *plugins = gst_registry_get_plugin_list (registry);
  GList *found = NULL;

  for (GList *p = plugins; p; p = p->next) {
    const gchar *name = gst_plugin_get_name (p->data);
    GList *features;

    if (!is_ours (p->data))
      continue;
    features = gst_registry_get_feature_list_by_plugin (registry, name);
    for (GList *f = features; f; f = f->next) {
      if (GST_IS_ELEMENT_FACTORY (f->data))
        found = g_list_prepend (found, gst_object_ref (f->data));
    }
    gst_plugin_feature_list_free (features);
  }
  gst_plugin_list_free (plugins);
  return g_list_reverse (found);
}

GstElement *
generic_make (GstElementFactory *factory)
{
  GstElement *element = gst_element_factory_create (factory, NULL);

  g_assert_nonnull (element);
  gst_object_ref_sink (element);
  for (guint i = 0; i < G_N_ELEMENTS (preparation); i++) {
    const gchar *value = preparation[i].value;
    g_autofree gchar *own
        = *value == '@' ? g_strdup_printf ("%s-%d", value, (gint) getpid ()) : NULL;
    if (g_str_equal (GST_OBJECT_NAME (factory), preparation[i].element))
      gst_util_set_object_arg (G_OBJECT (element), preparation[i].property, own ? own : value);
  }
  return element;
}

void
generic_problem (GPtrArray *problems, const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (problems, g_strdup_vprintf (format, args));
  va_end (args);
}

void
generic_drain_bus (GstBus *bus, gboolean with_warnings, const gchar *when, GPtrArray *problems)
{
  GstMessage *message;

  while ((message = gst_bus_pop (bus))) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *debug = NULL;

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, &debug);
    else if (with_warnings && GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
      gst_message_parse_warning (message, &error, &debug);
    /* a broker or a receiver that is not there is missed sooner or later */
    if (error && GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING
        && error->domain == GST_RESOURCE_ERROR)
      g_clear_error (&error);
    /* alone as it is here, a source that starts cannot do better */
    if (error && !(debug && strstr (debug, "not-linked")))
      generic_problem (problems, "%s: posts '%s' (%s)", when, error->message, debug ? debug : "");
    gst_message_unref (message);
  }
}

GParamSpec **
generic_own_properties (GObject *object, guint *ret_n)
{
  guint n_all = 0, n = 0;
  GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n_all);

  for (guint i = 0; i < n_all; i++) {
    if (specs[i]->owner_type == G_OBJECT_TYPE (object))
      specs[n++] = specs[i];
  }
  *ret_n = n;
  return specs;
}
