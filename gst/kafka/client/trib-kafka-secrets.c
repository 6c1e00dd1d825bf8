/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-secrets.h"

#include <string.h>

/* shorter texts occur by chance in unrelated messages */
#define MIN_WORD_BYTES 4
#define STARS "***"

/* The options whose values may be shown: any other may hold a secret, such as one whose name is
 * mistyped, or that a later version of the client has. */
static const gchar *const shown[] = { "acks", "allow.auto.create.topics", "api.version.fallback.ms",
  "api.version.request", "api.version.request.timeout.ms", "auto.commit.enable",
  "auto.commit.interval.ms", "auto.offset.reset", "batch.num.messages", "batch.size",
  "bootstrap.servers", "broker.address.family", "broker.address.ttl", "broker.version.fallback",
  "check.crcs", "client.dns.lookup", "client.id", "client.rack", "compression.codec",
  "compression.level", "compression.type", "connections.max.idle.ms", "debug",
  "delivery.timeout.ms", "enable.auto.commit", "enable.auto.offset.store",
  "enable.gapless.guarantee", "enable.idempotence", "enable.metrics.push", "enable.partition.eof",
  "enable.random.seed", "enable.sasl.oauthbearer.unsecure.jwt",
  "enable.ssl.certificate.verification", "fetch.error.backoff.ms", "fetch.max.bytes",
  "fetch.message.max.bytes", "fetch.min.bytes", "fetch.queue.backoff.ms", "fetch.wait.max.ms",
  "group.id", "heartbeat.interval.ms", "https.ca.location", "isolation.level", "linger.ms",
  "log.connection.close", "log.queue", "log.thread.name", "log_level", "max.in.flight",
  "max.in.flight.requests.per.connection", "max.partition.fetch.bytes", "max.poll.interval.ms",
  "message.copy.max.bytes", "message.max.bytes", "message.send.max.retries", "message.timeout.ms",
  "metadata.broker.list", "metadata.max.age.ms", "metadata.recovery.rebootstrap.trigger.ms",
  "metadata.recovery.strategy", "partitioner", "queue.buffering.backpressure.threshold",
  "queue.buffering.max.kbytes", "queue.buffering.max.messages", "queue.buffering.max.ms",
  "queued.max.messages.kbytes", "queued.min.messages", "queuing.strategy",
  "receive.message.max.bytes", "reconnect.backoff.jitter.ms", "reconnect.backoff.max.ms",
  "reconnect.backoff.ms", "request.required.acks", "request.timeout.ms", "retries",
  "retry.backoff.max.ms", "retry.backoff.ms", "sasl.kerberos.keytab",
  "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.principal", "sasl.kerberos.service.name",
  "sasl.mechanism", "sasl.mechanisms", "sasl.oauthbearer.client.id", "sasl.oauthbearer.method",
  "sasl.oauthbearer.scope", "sasl.username", "security.protocol", "session.timeout.ms",
  "socket.connection.setup.timeout.ms", "socket.keepalive.enable", "socket.max.fails",
  "socket.nagle.disable", "socket.receive.buffer.bytes", "socket.send.buffer.bytes",
  "socket.timeout.ms", "ssl.ca.certificate.stores", "ssl.ca.location", "ssl.certificate.location",
  "ssl.cipher.suites", "ssl.crl.location", "ssl.curves.list",
  "ssl.endpoint.identification.algorithm", "ssl.key.location", "ssl.keystore.location",
  "ssl.providers", "ssl.sigalgs.list", "statistics.interval.ms", "sticky.partitioning.linger.ms",
  "test.mock.num.brokers", "topic.metadata.propagation.max.ms",
  "topic.metadata.refresh.fast.interval.ms", "topic.metadata.refresh.interval.ms",
  "topic.metadata.refresh.sparse", "transaction.timeout.ms", "transactional.id" };

/**
 * trib_kafka_option_is_secret:
 * @name: name of an option, known to the client or not
 *
 * Returns: whether the option's value must never be shown
 */
gboolean
trib_kafka_option_is_secret (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (shown); i++)
    if (strcmp (name, shown[i]) == 0)
      return FALSE;
  return TRUE;
}

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
    g_string_replace (out, g_ptr_array_index (secrets->texts, i), STARS, 0);
  return g_string_free (out, FALSE);
}
