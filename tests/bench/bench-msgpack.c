/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include <record/trib-record-envelope.h>
#include <record/trib-record-transcode.h>

#ifdef BENCH_MSGPACK_C
#include <msgpack.h>
#endif

/* A packet of a neural recording with 570 numbers in four lists (NEURAL-3: channels, counts, and
 * two lists of measured values), written, read and turned from one format into the other, with
 * gst/record and in the same run with json-glib and, where it is installed, msgpack-c. One JSON
 * line for each measurement: microseconds a packet, the best of several rounds, and how many times
 * as long the peer takes. */

#define N_CHANNELS 142
#define ROUNDS 7
#define ROUND_US (100 * 1000)

typedef struct {
  gint channels[N_CHANNELS];
  gint counts[N_CHANNELS];
  gdouble rates[N_CHANNELS];
  gdouble potentials[N_CHANNELS];
  GString *json; /* the packet as this library writes it */
  GString *msgpack;
} Packet;

typedef void (*BenchFunc) (const Packet *p);

static const gchar *const scalars[] = { "vx", "vy" };

static void
fill (Packet *p)
{
  for (gint i = 0; i < N_CHANNELS; i++) {
    p->channels[i] = i * 2;
    p->counts[i] = i * 7919 % 13;
    p->rates[i] = i * 7919 % 100003 / 1e3;
    p->potentials[i] = 1.0 / (i + 3) - 0.2; /* as many digits as a double has */
  }
}

/* ---- gst/record ---- */

static void
write_ints (TribRecordWriter *w, const gchar *key, const gint *values)
{
  trib_record_writer_key (w, key);
  trib_record_writer_begin_array (w);
  for (guint i = 0; i < N_CHANNELS; i++)
    trib_record_writer_int (w, values[i]);
  trib_record_writer_end_array (w);
}

static void
write_doubles (TribRecordWriter *w, const gchar *key, const gdouble *values)
{
  trib_record_writer_key (w, key);
  trib_record_writer_begin_array (w);
  for (guint i = 0; i < N_CHANNELS; i++)
    trib_record_writer_double (w, values[i]);
  trib_record_writer_end_array (w);
}

static void
write_packet (const Packet *p, TribRecordFormat format, GString *out)
{
  TribRecordWriter w;

  g_string_truncate (out, 0);
  trib_record_writer_init (&w, format, out);
  trib_record_writer_begin_map (&w);
  trib_record_writer_key (&w, "sequence_number");
  trib_record_writer_int (&w, 123456);
  write_ints (&w, "channel_ids", p->channels);
  write_ints (&w, "spike_counts", p->counts);
  write_doubles (&w, "rates", p->rates);
  write_doubles (&w, "potentials", p->potentials);
  for (guint i = 0; i < G_N_ELEMENTS (scalars); i++) {
    trib_record_writer_key (&w, scalars[i]);
    trib_record_writer_double (&w, 0.25);
  }
  trib_record_writer_end_map (&w);
}

static GString *
scratch (void)
{
  static GString *out;

  if (out == NULL)
    out = g_string_new (NULL);
  return out;
}

static TribRecordReader *
reader (void)
{
  static TribRecordReader *r;

  if (r == NULL)
    r = trib_record_reader_new (NULL);
  return r;
}

static void
tributary_json_write (const Packet *p)
{
  write_packet (p, TRIB_RECORD_JSON, scratch ());
}

static void
tributary_msgpack_write (const Packet *p)
{
  write_packet (p, TRIB_RECORD_MSGPACK, scratch ());
}

/* every number and every text */
static void
read_all (TribRecordFormat format, const GString *in)
{
  TribRecordReader *r = reader ();
  TribRecordToken token;
  gdouble sum = 0;

  trib_record_reader_set (r, format, in->str, in->len);
  while ((token = trib_record_reader_next (r)) > TRIB_RECORD_END) {
    if (token >= TRIB_RECORD_INT && token <= TRIB_RECORD_FLOAT64)
      sum += trib_record_reader_double (r);
    else if (token == TRIB_RECORD_KEY)
      sum += (gdouble) trib_record_reader_string (r).len;
  }
  g_assert (token == TRIB_RECORD_END && sum > 0);
}

static void
tributary_json_read (const Packet *p)
{
  read_all (TRIB_RECORD_JSON, p->json);
}

static void
tributary_msgpack_read (const Packet *p)
{
  read_all (TRIB_RECORD_MSGPACK, p->msgpack);
}

static void
transcode (TribRecordFormat from, const GString *in, TribRecordFormat to)
{
  GString *out = scratch ();
  gboolean ok;

  g_string_truncate (out, 0);
  trib_record_reader_set (reader (), from, in->str, in->len);
  ok = trib_record_transcode (reader (), to, TRIB_RECORD_NAN_NULL, out, NULL, NULL);
  g_assert (ok);
}

static void
tributary_json_to_msgpack (const Packet *p)
{
  transcode (TRIB_RECORD_JSON, p->json, TRIB_RECORD_MSGPACK);
}

static void
tributary_msgpack_to_json (const Packet *p)
{
  transcode (TRIB_RECORD_MSGPACK, p->msgpack, TRIB_RECORD_JSON);
}

/* ---- json-glib ---- */

static void
build_list (JsonBuilder *b, const gchar *key, const gint *ints, const gdouble *doubles)
{
  json_builder_set_member_name (b, key);
  json_builder_begin_array (b);
  for (guint i = 0; i < N_CHANNELS; i++) {
    if (ints != NULL)
      json_builder_add_int_value (b, ints[i]);
    else
      json_builder_add_double_value (b, doubles[i]);
  }
  json_builder_end_array (b);
}

static void
generate (JsonNode *root)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autofree gchar *text = NULL;
  gsize len;

  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, &len);
  g_assert (len > 0);
}

static void
json_glib_write (const Packet *p)
{
  g_autoptr (JsonBuilder) b = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (b);
  json_builder_set_member_name (b, "sequence_number");
  json_builder_add_int_value (b, 123456);
  build_list (b, "channel_ids", p->channels, NULL);
  build_list (b, "spike_counts", p->counts, NULL);
  build_list (b, "rates", NULL, p->rates);
  build_list (b, "potentials", NULL, p->potentials);
  for (guint i = 0; i < G_N_ELEMENTS (scalars); i++) {
    json_builder_set_member_name (b, scalars[i]);
    json_builder_add_double_value (b, 0.25);
  }
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  generate (root);
}

static void
json_glib_read (const Packet *p)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gboolean ok = json_parser_load_from_data (parser, p->json->str, (gssize) p->json->len, NULL);

  g_assert (ok);
}

#ifdef BENCH_MSGPACK_C

/* ---- msgpack-c ---- */

static msgpack_sbuffer *
buffer (void)
{
  static msgpack_sbuffer sbuffer;

  msgpack_sbuffer_clear (&sbuffer);
  return &sbuffer;
}

static void
pack_key (msgpack_packer *pk, const gchar *key)
{
  msgpack_pack_str_with_body (pk, key, strlen (key));
}

static void
pack_list (msgpack_packer *pk, const gchar *key, const gint *ints, const gdouble *doubles)
{
  pack_key (pk, key);
  msgpack_pack_array (pk, N_CHANNELS);
  for (guint i = 0; i < N_CHANNELS; i++) {
    if (ints != NULL)
      msgpack_pack_int (pk, ints[i]);
    else
      msgpack_pack_double (pk, doubles[i]);
  }
}

static void
msgpack_c_write (const Packet *p)
{
  msgpack_packer pk;
  msgpack_sbuffer *out = buffer ();

  msgpack_packer_init (&pk, out, msgpack_sbuffer_write);
  msgpack_pack_map (&pk, 5 + G_N_ELEMENTS (scalars));
  pack_key (&pk, "sequence_number");
  msgpack_pack_int (&pk, 123456);
  pack_list (&pk, "channel_ids", p->channels, NULL);
  pack_list (&pk, "spike_counts", p->counts, NULL);
  pack_list (&pk, "rates", NULL, p->rates);
  pack_list (&pk, "potentials", NULL, p->potentials);
  for (guint i = 0; i < G_N_ELEMENTS (scalars); i++) {
    pack_key (&pk, scalars[i]);
    msgpack_pack_double (&pk, 0.25);
  }
  g_assert (out->size == p->msgpack->len && memcmp (out->data, p->msgpack->str, out->size) == 0);
}

static void
msgpack_c_read (const Packet *p)
{
  msgpack_unpacked result;
  msgpack_unpack_return got;

  msgpack_unpacked_init (&result);
  got = msgpack_unpack_next (&result, p->msgpack->str, p->msgpack->len, NULL);
  g_assert (got == MSGPACK_UNPACK_SUCCESS);
  msgpack_unpacked_destroy (&result);
}

static void
pack_node (msgpack_packer *pk, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    JsonObject *object = json_node_get_object (node);
    JsonObjectIter iter;
    const gchar *name;
    JsonNode *value;

    msgpack_pack_map (pk, json_object_get_size (object));
    json_object_iter_init_ordered (&iter, object);
    while (json_object_iter_next_ordered (&iter, &name, &value)) {
      pack_key (pk, name);
      pack_node (pk, value);
    }
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    guint n = json_array_get_length (array);

    msgpack_pack_array (pk, n);
    for (guint i = 0; i < n; i++)
      pack_node (pk, json_array_get_element (array, i));
  } else if (json_node_get_value_type (node) == G_TYPE_INT64) {
    msgpack_pack_int64 (pk, json_node_get_int (node));
  } else {
    msgpack_pack_double (pk, json_node_get_double (node));
  }
}

static void
peers_json_to_msgpack (const Packet *p)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gboolean ok = json_parser_load_from_data (parser, p->json->str, (gssize) p->json->len, NULL);
  msgpack_sbuffer *out = buffer ();
  msgpack_packer pk;

  g_assert (ok);
  msgpack_packer_init (&pk, out, msgpack_sbuffer_write);
  pack_node (&pk, json_parser_get_root (parser));
  g_assert (out->size == p->msgpack->len);
}

static void
build_object (JsonBuilder *b, const msgpack_object *o)
{
  switch (o->type) {
    case MSGPACK_OBJECT_MAP:
      json_builder_begin_object (b);
      for (guint i = 0; i < o->via.map.size; i++) {
        const msgpack_object *key = &o->via.map.ptr[i].key;
        g_autofree gchar *name = g_strndup (key->via.str.ptr, key->via.str.size);
        json_builder_set_member_name (b, name);
        build_object (b, &o->via.map.ptr[i].val);
      }
      json_builder_end_object (b);
      break;
    case MSGPACK_OBJECT_ARRAY:
      json_builder_begin_array (b);
      for (guint i = 0; i < o->via.array.size; i++)
        build_object (b, &o->via.array.ptr[i]);
      json_builder_end_array (b);
      break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
      json_builder_add_int_value (b, (gint64) o->via.u64);
      break;
    default:
      json_builder_add_double_value (b, o->via.f64);
  }
}

static void
peers_msgpack_to_json (const Packet *p)
{
  g_autoptr (JsonBuilder) b = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  msgpack_unpacked result;
  msgpack_unpack_return got;

  msgpack_unpacked_init (&result);
  got = msgpack_unpack_next (&result, p->msgpack->str, p->msgpack->len, NULL);
  g_assert (got == MSGPACK_UNPACK_SUCCESS);
  build_object (b, &result.data);
  root = json_builder_get_root (b);
  generate (root);
  msgpack_unpacked_destroy (&result);
}

#endif

/* microseconds a call */
static gdouble
measure (BenchFunc func, const Packet *p)
{
  gdouble best = G_MAXDOUBLE;

  for (guint round = 0; round < ROUNDS; round++) {
    gint64 start = g_get_monotonic_time (), spent;
    guint64 calls = 0;

    do {
      for (guint i = 0; i < 16; i++)
        func (p);
      calls += 16;
      spent = g_get_monotonic_time () - start;
    } while (spent < ROUND_US);
    best = MIN (best, (gdouble) spent / (gdouble) calls);
  }
  return best;
}

static void
print (const gchar *bench, const gchar *impl, gdouble us, gdouble peer_factor, gsize bytes)
{
  g_autoptr (GString) line = g_string_new (NULL);
  TribJsonWriter w;

  trib_json_writer_init (&w, line);
  trib_json_writer_begin_object (&w);
  trib_json_writer_member_string (&w, "bench", bench);
  trib_json_writer_member_string (&w, "impl", impl);
  trib_json_writer_key (&w, "us_per_packet");
  trib_json_writer_double (&w, (gdouble) (gint64) (us * 100 + 0.5) / 100);
  trib_json_writer_key (&w, "times_tributary");
  trib_json_writer_double (&w, (gdouble) (gint64) (peer_factor * 100 + 0.5) / 100);
  trib_json_writer_member_uint (&w, "bytes", bytes);
  trib_json_writer_end_object (&w);
  puts (line->str);
  fflush (stdout);
}

static void
compare (const Packet *p, const gchar *bench, gsize bytes, BenchFunc ours, const gchar *peer,
    BenchFunc theirs)
{
  gdouble us = measure (ours, p);

  print (bench, "tributary", us, 1, bytes);
  if (theirs != NULL) {
    gdouble peer_us = measure (theirs, p);
    print (bench, peer, peer_us, peer_us / us, bytes);
  }
}

int
main (void)
{
  Packet packet = { .json = g_string_new (NULL), .msgpack = g_string_new (NULL) };
  const Packet *p = &packet;
  gdouble us, json_us;

  fill (&packet);
  write_packet (p, TRIB_RECORD_JSON, packet.json);
  write_packet (p, TRIB_RECORD_MSGPACK, packet.msgpack);
  compare (
      p, "packet-json-write", p->json->len, tributary_json_write, "json-glib", json_glib_write);
  compare (p, "packet-json-read", p->json->len, tributary_json_read, "json-glib", json_glib_read);
  /* what MessagePack saves: the same packet against json-glib's JSON */
  us = measure (tributary_msgpack_write, p);
  json_us = measure (json_glib_write, p);
  print ("packet-msgpack-write-against-json", "tributary", us, 1, p->msgpack->len);
  print ("packet-msgpack-write-against-json", "json-glib", json_us, json_us / us, p->json->len);
#ifdef BENCH_MSGPACK_C
  compare (p, "packet-msgpack-write", p->msgpack->len, tributary_msgpack_write, "msgpack-c",
      msgpack_c_write);
  compare (p, "packet-msgpack-read", p->msgpack->len, tributary_msgpack_read, "msgpack-c",
      msgpack_c_read);
  compare (p, "packet-json-to-msgpack", p->json->len, tributary_json_to_msgpack,
      "json-glib+msgpack-c", peers_json_to_msgpack);
  compare (p, "packet-msgpack-to-json", p->json->len, tributary_msgpack_to_json,
      "msgpack-c+json-glib", peers_msgpack_to_json);
#else
  compare (p, "packet-msgpack-write", p->msgpack->len, tributary_msgpack_write, NULL, NULL);
  compare (p, "packet-msgpack-read", p->msgpack->len, tributary_msgpack_read, NULL, NULL);
  compare (p, "packet-json-to-msgpack", p->json->len, tributary_json_to_msgpack, NULL, NULL);
  compare (p, "packet-msgpack-to-json", p->json->len, tributary_msgpack_to_json, NULL, NULL);
#endif
  g_string_free (packet.json, TRUE);
  g_string_free (packet.msgpack, TRUE);
  return 0;
}
