/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-secrets.h"

#include "trib-kafka-config.h"

#include <string.h>

/* shorter texts occur by chance in unrelated messages */
#define MIN_WORD_BYTES 4
#define SHOWN "***"

struct _TribKafkaSecrets {
  GPtrArray *texts; /* longest first, so that a part never hides the whole */
};

/**
 * trib_kafka_secrets_new:
 *
 * Returns: (transfer full): no secrets
 */
TribKafkaSecrets *
trib_kafka_secrets_new (void)
{
  TribKafkaSecrets *secrets = g_new0 (TribKafkaSecrets, 1);

  secrets->texts = g_ptr_array_new_with_free_func (g_free);
  return secrets;
}

/**
 * trib_kafka_secrets_free:
 * @secrets: secrets
 */
void
trib_kafka_secrets_free (TribKafkaSecrets *secrets)
{
  g_ptr_array_unref (secrets->texts);
  g_free (secrets);
}

static gint
compare_lengths (gconstpointer a, gconstpointer b)
{
  gsize x = strlen (*(const gchar *const *) a), y = strlen (*(const gchar *const *) b);

  return x < y ? 1 : x > y ? -1 : 0;
}

/**
 * trib_kafka_secrets_add:
 * @secrets: secrets
 * @option: name of a librdkafka option
 * @value: its value
 *
 * Remembers @value if the option is a secret one: the whole and its parts, because the client
 * quotes the part of a value that it does not understand.
 */
void
trib_kafka_secrets_add (TribKafkaSecrets *secrets, const gchar *option, const gchar *value)
{
  g_auto (GStrv) parts = NULL;

  if (!trib_kafka_option_is_secret (option) || *value == '\0')
    return;
  parts = g_strsplit_set (value, " \t\r\n,=", -1);
  g_ptr_array_add (secrets->texts, g_strdup (value));
  for (guint i = 0; parts[i]; i++)
    if (strlen (parts[i]) >= MIN_WORD_BYTES && strcmp (parts[i], value) != 0)
      g_ptr_array_add (secrets->texts, g_strdup (parts[i]));
  g_ptr_array_sort (secrets->texts, compare_lengths);
}

/**
 * trib_kafka_secrets_hide:
 * @secrets: secrets
 * @text: a message of the client
 *
 * Returns: (transfer full): @text with "***" where a secret stood
 */
gchar *
trib_kafka_secrets_hide (const TribKafkaSecrets *secrets, const gchar *text)
{
  GString *out = g_string_new (text);

  for (guint i = 0; i < secrets->texts->len; i++)
    g_string_replace (out, g_ptr_array_index (secrets->texts, i), SHOWN, 0);
  return g_string_free (out, FALSE);
}
