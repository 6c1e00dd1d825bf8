/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bare-producer.h"

#include <kafka/client/trib-kafka-config.h>
#include <string.h>

#define METADATA_BYTES 620
#define REGISTRY_BYTES 640

struct _BareProducer {
  rd_kafka_t *rk;
  rd_kafka_topic_t *rkt[3];
  gchar metadata[METADATA_BYTES];
  gchar registry[REGISTRY_BYTES];
  gboolean three;
  guint64 max_pending_bytes;
  guint64 pending_bytes;
  guint n_pending;
  guint64 n_taken;
};

typedef struct {
  gsize bytes;
  guint n_missing; /* of the bytes and the metadata record */
  gchar id[96];
} Frame;

static rd_kafka_headers_t *
make_headers (const Frame *frame, const gchar *content_type, gboolean with_caps)
{
  rd_kafka_headers_t *headers = rd_kafka_headers_new (6);

  rd_kafka_header_add (headers, "frame-id", -1, frame->id, -1);
  rd_kafka_header_add (headers, "sequence", -1, "1234", -1);
  rd_kafka_header_add (headers, "content-type", -1, content_type, -1);
  rd_kafka_header_add (headers, "crc32c", -1, "1234567890", -1);
  rd_kafka_header_add (headers, "time-source", -1, "running-time", -1);
  if (with_caps)
    rd_kafka_header_add (headers, "caps", -1,
        "image/jpeg, width=(int)1920, height=(int)1080, framerate=(fraction)30/1", -1);
  return headers;
}

static void
produce (BareProducer *self, TribKafkaTopic topic, Frame *frame, const void *value, gsize size)
{
  gboolean is_bytes = topic == TRIB_KAFKA_TOPIC_BINARY;
  rd_kafka_headers_t *headers
      = make_headers (frame, is_bytes ? "image/jpeg" : "application/json", is_bytes);
  rd_kafka_resp_err_t err = rd_kafka_producev (self->rk, RD_KAFKA_V_RKT (self->rkt[topic]),
      RD_KAFKA_V_PARTITION (0), RD_KAFKA_V_MSGFLAGS (0),
      RD_KAFKA_V_KEY (frame->id, strlen (frame->id)), RD_KAFKA_V_VALUE ((void *) value, size),
      RD_KAFKA_V_OPAQUE (frame), RD_KAFKA_V_HEADERS (headers), RD_KAFKA_V_END);

  if (err)
    g_error ("rd_kafka_producev: %s", rd_kafka_err2str (err));
}

static void
report (rd_kafka_t *rk, const rd_kafka_message_t *msg, void *opaque)
{
  BareProducer *self = opaque;
  Frame *frame = msg->_private;

  if (msg->err)
    g_error ("delivery: %s", rd_kafka_err2str (msg->err));
  if (frame->n_missing > 0 && --frame->n_missing == 0 && self->three) {
    produce (self, TRIB_KAFKA_TOPIC_REGISTRY, frame, self->registry, REGISTRY_BYTES);
    return;
  }
  if (frame->n_missing > 0)
    return;
  self->pending_bytes -= frame->bytes;
  self->n_pending--;
  g_free (frame);
}

static rd_kafka_conf_t *
make_conf (const gchar *bootstrap, guint64 max_pending_bytes, gchar **options)
{
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  TribKafkaConfig config = { .bootstrap_servers = bootstrap,
    .max_pending_bytes = max_pending_bytes,
    .delivery_timeout_ms = 120000 };
  rd_kafka_conf_t *conf;

  for (gchar **option = options; option && *option; option++) {
    gchar **parts = g_strsplit (*option, "=", 2);
    g_ptr_array_add (pairs, parts[0]);
    g_ptr_array_add (pairs, parts[1]);
    g_free (parts);
  }
  g_ptr_array_add (pairs, NULL);
  config.options = (const gchar *const *) pairs->pdata;
  conf = trib_kafka_config_producer (&config, 0, &error);
  g_assert_no_error (error);
  return conf;
}

/**
 * bare_producer_new:
 * @bootstrap: the broker
 * @prefix: of the topics' names, which must exist with one partition
 * @three: the three records of a frame; else its bytes alone
 * @max_pending_bytes: payload that may be on its way
 * @options: (nullable): NAME=VALUE, beyond the element's own client options
 *
 * For one thread.
 */
BareProducer *
bare_producer_new (const gchar *bootstrap, const gchar *prefix, gboolean three,
    guint64 max_pending_bytes, gchar **options)
{
  BareProducer *self = g_new0 (BareProducer, 1);
  rd_kafka_conf_t *conf = make_conf (bootstrap, max_pending_bytes, options);
  gchar why[256] = "";

  self->three = three;
  self->max_pending_bytes = max_pending_bytes;
  memset (self->metadata, ' ', sizeof self->metadata);
  memset (self->registry, ' ', sizeof self->registry);
  rd_kafka_conf_set_opaque (conf, self);
  rd_kafka_conf_set_dr_msg_cb (conf, report);
  self->rk = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (self->rk == NULL)
    g_error ("%s", why);
  for (guint i = 0; i < G_N_ELEMENTS (self->rkt); i++) {
    g_autofree gchar *name = g_strconcat (prefix, trib_kafka_default_topics[i], NULL);
    self->rkt[i] = rd_kafka_topic_new (self->rk, name, NULL);
  }
  return self;
}

/* @data must stay until bare_producer_drain() */
void
bare_producer_send (BareProducer *self, const void *data, gsize size)
{
  Frame *frame = g_new0 (Frame, 1);

  while (self->pending_bytes + size > self->max_pending_bytes)
    rd_kafka_poll (self->rk, 10);
  frame->bytes = size;
  frame->n_missing = self->three ? 2 : 1;
  g_snprintf (frame->id, sizeof frame->id,
      "bench_video-0_%" G_GUINT64_FORMAT "_1722513600000000000", self->n_taken++);
  self->pending_bytes += size;
  self->n_pending++;
  produce (self, TRIB_KAFKA_TOPIC_BINARY, frame, data, size);
  if (self->three)
    produce (self, TRIB_KAFKA_TOPIC_METADATA, frame, self->metadata, METADATA_BYTES);
  rd_kafka_poll (self->rk, 0);
}

/* waits until everything is acknowledged */
void
bare_producer_drain (BareProducer *self)
{
  while (self->n_pending > 0)
    rd_kafka_poll (self->rk, 10);
}

void
bare_producer_free (BareProducer *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->rkt); i++)
    rd_kafka_topic_destroy (self->rkt[i]);
  rd_kafka_destroy (self->rk);
  g_free (self);
}
