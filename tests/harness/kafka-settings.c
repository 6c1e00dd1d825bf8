/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the Kafka elements have in common: settings that are refused, and what is never shown. */
#include <glib/gstdio.h>
#include <gst/gst.h>

#include <librdkafka/rdkafka.h>
#include <string.h>

#include <trib-test.h>

static const gchar *const elements[]
    = { "kafkabinarysink", "kafkarecordsink", "kafkabinarysrc", "kafkarecordsrc" };

typedef struct {
  GstElement *element;
  GstBus *bus;
} Rig;

static void
rig_init (Rig *rig, const gchar *name)
{
  rig->element = gst_object_ref_sink (gst_element_factory_make (name, NULL));
  rig->bus = gst_bus_new ();
  gst_element_set_bus (rig->element, rig->bus);
}

static void
rig_clear (Rig *rig)
{
  gst_element_set_state (rig->element, GST_STATE_NULL);
  gst_element_set_bus (rig->element, NULL);
  gst_object_unref (rig->bus);
  gst_object_unref (rig->element);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rig, rig_clear)

/* exactly one error, RESOURCE/SETTINGS, going to READY; returns its texts */
static gchar *
fail (Rig *rig)
{
  g_autoptr (GstMessage) first = NULL, second = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  g_assert_cmpint (
      gst_element_set_state (rig->element, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  first = gst_bus_pop_filtered (rig->bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (first);
  gst_message_parse_error (first, &error, &debug);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  g_test_message ("%s", error->message);
  second = gst_bus_pop_filtered (rig->bus, GST_MESSAGE_ERROR);
  g_assert_null (second);
  return g_strconcat (error->message, "\n", debug, NULL);
}

static void
test_servers (gconstpointer name)
{
  static const gchar *const wrong[]
      = { "kafka://localhost:9092", "http://localhost", "\"localhost:9092\"", "localhost:99999",
          "localhost:9092,", ",", "::1", "in-process,localhost:0" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_auto (Rig) rig = { NULL };
    g_autofree gchar *text = NULL;

    rig_init (&rig, name);
    g_object_set (rig.element, "bootstrap-servers", wrong[i], NULL);
    text = fail (&rig);
    g_assert_nonnull (strstr (text, "bootstrap servers"));
    if (i > 0)
      continue;
    /* the element can be mended */
    g_object_set (rig.element, "bootstrap-servers", "in-process", NULL);
    g_assert_cmpint (
        gst_element_set_state (rig.element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  }
}

#define SECRET "correct-horse-battery"

/* a value is shown if its option is known to be harmless, whatever a mistyped name looks like */
static void
test_secrets (gconstpointer name)
{
  static const gchar *const hidden[] = { "sasl.password", "sasl.passwrd", "sasl.pw",
    "SASL.USERNAME", "sasl.kerberos.kinit.cmd", "nothing.known" };
  const gchar *property = g_str_has_suffix (name, "sink") ? "producer-config" : "consumer-config";

  for (guint i = 0; i < G_N_ELEMENTS (hidden); i++) {
    g_auto (Rig) rig = { NULL };
    g_autoptr (GstElement) bin = gst_object_ref_sink (gst_bin_new (NULL));
    g_autoptr (GstStructure) back = NULL;
    g_autoptr (GstStructure) config = gst_structure_new (
        "c", hidden[i], G_TYPE_STRING, SECRET, "sasl.username", G_TYPE_STRING, "alice", NULL);
    g_autofree gchar *dot = NULL, *text = NULL;

    rig_init (&rig, name);
    gst_bin_add (GST_BIN (bin), rig.element);
    g_object_set (rig.element, property, config, NULL);
    g_object_get (rig.element, property, &back, NULL);
    g_assert_cmpstr (gst_structure_get_string (back, hidden[i]), ==, "***");
    g_assert_cmpstr (gst_structure_get_string (back, "sasl.username"), ==, "alice");
    dot = gst_debug_bin_to_dot_data (GST_BIN (bin), GST_DEBUG_GRAPH_SHOW_VERBOSE);
    g_assert_nonnull (strstr (dot, "alice"));
    g_assert_null (strstr (dot, SECRET));
    gst_bin_remove (GST_BIN (bin), rig.element);
    gst_element_set_bus (rig.element, rig.bus);
    if (!g_str_has_prefix (hidden[i], "sasl.password") && !strstr (hidden[i], "kinit")) {
      text = fail (&rig);
      g_assert_nonnull (strstr (text, hidden[i]));
      g_assert_null (strstr (text, SECRET));
    }
  }
}

/* (transfer full): the path of a file that says @text */
static gchar *
write_file (const gchar *text)
{
  g_autofree gchar *path = NULL;
  gint fd = g_file_open_tmp ("kafka-settings-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return g_steal_pointer (&path);
}

/* what a file says is checked as the property is, and never shown */
static void
test_file (gconstpointer name)
{
  static const struct {
    const gchar *text, *named;
  } wrong[] = {
    { "linger.ms=5\nno.such.option = " SECRET "\n", "no.such.option" },
    { "# a comment\n\n" SECRET "\n", "line 3" },
    { "client.id=x\nbootstrap.servers=" SECRET, "bootstrap-servers" },
    { "ssl.key.location=/nowhere\nsecurity.protocol=ssl\nssl.key.password=" SECRET, "ssl.key" },
  };

  for (guint i = 0; i <= G_N_ELEMENTS (wrong); i++) {
    g_auto (Rig) rig = { NULL };
    gboolean absent = i == G_N_ELEMENTS (wrong);
    g_autofree gchar *path = write_file (absent ? "" : wrong[i].text);
    g_autofree gchar *text = NULL;

    if (absent)
      g_unlink (path);
    rig_init (&rig, name);
    g_object_set (rig.element, "bootstrap-servers", "in-process", "config-file", path, NULL);
    text = fail (&rig);
    g_assert_nonnull (strstr (text, absent ? path : wrong[i].named));
    g_assert_null (strstr (text, SECRET));
    g_unlink (path);
  }
}

/* the property counts more than the file; a mechanism that is known to fail is said to */
static void
test_file_in_force (gconstpointer name)
{
  const gchar *property = g_str_has_suffix (name, "sink") ? "producer-config" : "consumer-config";
  g_auto (Rig) rig = { NULL };
  g_autofree gchar *path = write_file ("linger.ms=many\nfetch.wait.max.ms=many\n"
                                       "security.protocol=SASL_PLAINTEXT\n"
                                       "sasl.mechanisms = SCRAM-SHA-256\nsasl.username=a\n"
                                       "sasl.password=" SECRET "\n");
  g_autofree gchar *first = NULL;
  g_autoptr (GstStructure) back = NULL;
  g_autoptr (GstMessage) warning = NULL;

  rig_init (&rig, name);
  g_object_set (rig.element, "bootstrap-servers", "127.0.0.1:1", "config-file", path, NULL);
  first = fail (&rig);
  g_assert_nonnull (strstr (first, "ms"));
  g_assert_true (g_file_set_contents (path,
      "linger.ms=7\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanisms = PLAIN\n"
      "sasl.username=a\nsasl.password=" SECRET "\n",
      -1, NULL));
  gst_util_set_object_arg (G_OBJECT (rig.element), property, "c,sasl.mechanisms=SCRAM-SHA-256");
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (rig.element), "drain-timeout-ms"))
    g_object_set (rig.element, "drain-timeout-ms", 0, NULL);
  g_assert_cmpint (
      gst_element_set_state (rig.element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  g_object_get (rig.element, property, &back, NULL);
  g_assert_cmpint (gst_structure_n_fields (back), ==, 1);
  warning = gst_bus_pop_filtered (rig.bus, GST_MESSAGE_WARNING);
  g_assert_true ((warning != NULL) == (rd_kafka_version () < 0x02060100));
  if (warning) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_warning (warning, &error, NULL);
    g_assert_nonnull (strstr (error->message, "SCRAM"));
  }
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  gst_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    g_autofree gchar *servers = g_strdup_printf ("/kafka-settings/%s/servers", elements[i]);
    g_autofree gchar *file = g_strdup_printf ("/kafka-settings/%s/file", elements[i]);
    g_autofree gchar *in_force = g_strdup_printf ("/kafka-settings/%s/file-in-force", elements[i]);
    g_autofree gchar *secrets = g_strdup_printf ("/kafka-settings/%s/secrets", elements[i]);

    g_test_add_data_func (servers, elements[i], test_servers);
    g_test_add_data_func (secrets, elements[i], test_secrets);
    g_test_add_data_func (file, elements[i], test_file);
    g_test_add_data_func (in_force, elements[i], test_file_in_force);
  }
  return trib_test_run ();
}
