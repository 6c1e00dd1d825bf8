/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generic.h"

#include <trib-gst-test.h>

/* Every check on every element that the registry has of this project. */

typedef struct {
  GstElementFactory *factory;
  GenericCheck check;
} Case;

static const struct {
  const gchar *name;
  GenericCheck check;
} checks[] = {
  { "inspect", generic_check_inspect },
  { "states", generic_check_states },
  { "properties", generic_check_properties },
  { "forwarding", generic_check_forwarding },
};

static void
test_element (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);

  c->check (c->factory, problems);
  for (guint i = 0; i < problems->len; i++)
    g_test_message (
        "%s: %s", GST_OBJECT_NAME (c->factory), (const gchar *) g_ptr_array_index (problems, i));
  if (problems->len > 0)
    g_test_fail ();
}

static void
test_some (gconstpointer data)
{
  /* a wrong plugin path would let all of this pass */
  g_assert_cmpuint (GPOINTER_TO_UINT (data), >, 0);
}

int
main (int argc, char **argv)
{
  GList *factories;
  int status;

  trib_gst_test_init (&argc, &argv);
  factories = generic_factories ();
  g_test_add_data_func (
      "/generic/there-are-elements", GUINT_TO_POINTER (g_list_length (factories)), test_some);
  for (GList *f = factories; f; f = f->next) {
    for (guint i = 0; i < G_N_ELEMENTS (checks); i++) {
      g_autofree gchar *path
          = g_strdup_printf ("/generic/%s/%s", checks[i].name, GST_OBJECT_NAME (f->data));
      Case *c = g_new (Case, 1);

      c->factory = f->data;
      c->check = checks[i].check;
      g_test_add_data_func_full (path, c, test_element, g_free);
    }
  }
  status = trib_test_run ();
  gst_plugin_feature_list_free (factories);
  gst_deinit ();
  return status;
}
