/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstkafkakind.h"

#include <kafka/layout/trib-kafka-content.h>
#include <kafka/layout/trib-kafka-names.h>

#include <gst/base/gsttypefindhelper.h>
#include <gst/video/video.h>

#include <string.h>

#define MAX_CAPS_BYTES 16384

void
gst_kafka_kind_clear (GstKafkaKind *kind)
{
  gst_clear_caps (&kind->caps);
  g_free (kind->header);
  memset (kind, 0, sizeof *kind);
}

/* caps from records must be among those of the template */
static gboolean
is_usable (GstCaps *caps)
{
  static GstStaticCaps all = GST_STATIC_CAPS (GST_KAFKA_CAPS);
  g_autoptr (GstCaps) wanted = gst_static_caps_get (&all);
  GstVideoInfo info;

  return gst_caps_is_fixed (caps) && gst_caps_can_intersect (caps, wanted)
         && (!gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw")
             || (gst_video_info_from_caps (&info, caps) && info.width > 0 && info.height > 0));
}

/* bytes of the length in front of each unit of an avc stream; 4 where the codec data does not say
 * it */
static guint
find_nal_length (const GstStructure *s, gboolean is_h265)
{
  const gchar *layout = gst_structure_get_string (s, "stream-format");
  const GValue *value = gst_structure_get_value (s, "codec_data");
  GstBuffer *data
      = value && G_VALUE_HOLDS (value, GST_TYPE_BUFFER) ? gst_value_get_buffer (value) : NULL;
  guint8 byte;

  if (g_strcmp0 (layout, "byte-stream") == 0)
    return 0;
  if (data && gst_buffer_extract (data, is_h265 ? 21 : 4, &byte, 1) == 1)
    return (byte & 3) + 1;
  return 4;
}

/* RGB, BGR and GRAY8 are written without padding between the rows, as producers of all kinds do */
static void
set_raw_size (GstKafkaKind *kind, const GstVideoInfo *info)
{
  GstVideoFormat format = GST_VIDEO_INFO_FORMAT (info);

  kind->min_size = info->size;
  if (format != GST_VIDEO_FORMAT_RGB && format != GST_VIDEO_FORMAT_BGR
      && format != GST_VIDEO_FORMAT_GRAY8)
    return;
  kind->row_size = (gsize) GST_VIDEO_INFO_WIDTH (info) * GST_VIDEO_INFO_COMP_PSTRIDE (info, 0);
  kind->stride = GST_VIDEO_INFO_PLANE_STRIDE (info, 0);
  kind->n_rows = GST_VIDEO_INFO_HEIGHT (info);
  kind->min_size = kind->row_size * kind->n_rows;
}

/**
 * gst_kafka_kind_make_buffer:
 * @kind: what the bytes are
 * @bytes: a frame of at least `min_size`
 *
 * Returns: (transfer full): a buffer of @bytes, copied only where rows must be padded
 */
GstBuffer *
gst_kafka_kind_make_buffer (const GstKafkaKind *kind, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  GstBuffer *buffer;

  if (kind->row_size == kind->stride || size >= kind->stride * kind->n_rows)
    return gst_buffer_new_wrapped_bytes (bytes);
  buffer = gst_buffer_new_allocate (NULL, kind->stride * kind->n_rows, NULL);
  gst_buffer_memset (buffer, 0, 0, -1);
  for (guint y = 0; y < kind->n_rows; y++)
    gst_buffer_fill (buffer, y * kind->stride, data + y * kind->row_size, kind->row_size);
  return buffer;
}

/* @caps: (transfer full) (nullable) */
static gboolean
set_caps (GstKafkaKind *kind, GstCaps *caps)
{
  g_autoptr (GstCaps) owned = caps;
  const TribKafkaFormat *format;
  const GstStructure *s;
  GstVideoInfo info;
  gint n = 0, d = 1;

  if (caps == NULL || !is_usable (caps))
    return FALSE;
  gst_kafka_kind_clear (kind);
  s = gst_caps_get_structure (caps, 0);
  format
      = trib_kafka_format_of_type (gst_structure_get_name (s), strlen (gst_structure_get_name (s)));
  if (format) {
    kind->format = format->name;
    kind->has_delta = format->has_delta;
  }
  kind->is_h265 = g_strcmp0 (kind->format, "h265") == 0;
  kind->nal_length = kind->has_delta ? find_nal_length (s, kind->is_h265) : 0;
  if (g_strcmp0 (kind->format, "raw") == 0 && gst_video_info_from_caps (&info, caps))
    set_raw_size (kind, &info);
  kind->duration = GST_CLOCK_TIME_NONE;
  if (gst_structure_get_fraction (s, "framerate", &n, &d) && n > 0 && d > 0)
    kind->duration = gst_util_uint64_scale (GST_SECOND, d, n);
  kind->caps = g_steal_pointer (&owned);
  return TRUE;
}

static gsize
count_digits (const gchar *text)
{
  return strspn (text, "0123456789");
}

/* @at: behind the type's "(" */
static gboolean
is_plain_value (const gchar *at)
{
  static const gchar *const types[]
      = { "int)", "string)", "fraction)", "boolean)", "bitmask)", "memory:", "buffer)" };
  gsize n;

  for (guint i = 0; i < G_N_ELEMENTS (types) - 1; i++)
    if (g_str_has_prefix (at, types[i]))
      return TRUE;
  if (!g_str_has_prefix (at, "buffer)"))
    return FALSE;
  at += strlen ("buffer)");
  n = strspn (at, "0123456789abcdefABCDEF");
  return n > 0 && n % 2 == 0 && (at[n] == '\0' || strchr (", ;", at[n]));
}

/* What stands around a "/": no fraction, or one that has no sign, fits and does not divide by zero.
 * */
static gboolean
is_plain_fraction (const gchar *text, const gchar *slash)
{
  gsize n_before = 0, n_after = count_digits (slash + 1);

  while (slash - n_before > text && g_ascii_isdigit (*(slash - n_before - 1)))
    n_before++;
  if (n_before == 0)
    return TRUE;
  return n_before < 10 && n_after > 0 && n_after < 10 && strspn (slash + 1, "0") < n_after
         && (slash - n_before == text || *(slash - n_before - 1) != '-');
}

/* GStreamer trusts the text of caps: in 1.22 a buffer that is not hexadecimal is used after it was
 * freed, and other types and large fractions cause criticals. So only what caps of pictures have is
 * parsed. */
static GstCaps *
parse_caps (const gchar *text)
{
  if (text == NULL || (!g_str_has_prefix (text, "image/") && !g_str_has_prefix (text, "video/")))
    return NULL;
  for (const gchar *at = text; *at; at++)
    if ((*at == '(' && !is_plain_value (at + 1)) || (*at == '/' && !is_plain_fraction (text, at)))
      return NULL;
  return gst_caps_from_string (text);
}

/* A content type of other producers may be anything; of those that say enough only pictures are of
 * use. HTTP parameters are skipped. */
static GstCaps *
caps_of_type (const gchar *said, guint width, guint height)
{
  gsize len = said ? strcspn (said, "; \t") : 0;
  const TribKafkaFormat *format = said ? trib_kafka_format_of_type (said, len) : NULL;
  GstCaps *caps;

  if (format == NULL || !g_str_has_prefix (format->type, "image/"))
    return NULL;
  caps = gst_caps_new_empty_simple (format->type);
  if (width > 0 && height > 0)
    gst_caps_set_simple (
        caps, "width", G_TYPE_INT, (gint) width, "height", G_TYPE_INT, (gint) height, NULL);
  return caps;
}

/**
 * gst_kafka_kind_from_headers:
 * @kind: changed when %TRUE is returned and the record is of another kind than the one before
 * @m: a record
 *
 * Returns: whether its headers say what its bytes are
 */
gboolean
gst_kafka_kind_from_headers (GstKafkaKind *kind, const TribKafkaMessage *m)
{
  gsize len = 0;
  const gchar *raw = trib_kafka_message_get_header (m, TRIB_KAFKA_HEADER_CAPS, &len);
  g_autofree gchar *text = NULL;

  if (raw && kind->header && len == kind->header_len && memcmp (raw, kind->header, len) == 0)
    return TRUE;
  text = trib_kafka_message_dup_header (m, TRIB_KAFKA_HEADER_CAPS, MAX_CAPS_BYTES);
  if (text && set_caps (kind, parse_caps (text))) {
    kind->header = g_steal_pointer (&text);
    kind->header_len = len;
    return TRUE;
  }
  g_free (text);
  text = trib_kafka_message_dup_header (
      m, TRIB_KAFKA_HEADER_CONTENT_TYPE, TRIB_KAFKA_CONTENT_MAX_BYTES);
  if (text && kind->caps && gst_structure_has_name (gst_caps_get_structure (kind->caps, 0), text)
      && kind->header == NULL && g_str_has_prefix (text, "image/"))
    return TRUE;
  return text && set_caps (kind, caps_of_type (text, 0, 0));
}

static GstCaps *
raw_caps (const TribKafkaHints *hints)
{
  if (hints->width == 0 || hints->height == 0
      || (hints->dtype && !g_str_equal (hints->dtype, TRIB_KAFKA_DTYPE)))
    return NULL;
  return gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING,
      hints->pixel_format    ? hints->pixel_format
      : hints->channels == 1 ? "GRAY8"
      : hints->channels == 4 ? "RGBA"
                             : "RGB",
      "width", G_TYPE_INT, (gint) hints->width, "height", G_TYPE_INT, (gint) hints->height,
      "framerate", GST_TYPE_FRACTION, 0, 1, NULL);
}

/**
 * gst_kafka_kind_from_hints:
 * @kind: changed when %TRUE is returned
 * @hints: what the frame's metadata says
 * @m: its bytes
 *
 * Returns: whether that is enough to know what the bytes are
 */
gboolean
gst_kafka_kind_from_hints (
    GstKafkaKind *kind, const TribKafkaHints *hints, const TribKafkaMessage *m)
{
  gboolean raw = g_strcmp0 (hints->format, "raw") == 0
                 || g_strcmp0 (hints->content_type, "video/x-raw") == 0;
  g_autofree gchar *type = hints->format ? g_strconcat ("image/", hints->format, NULL) : NULL;

  if (set_caps (kind, parse_caps (hints->caps))
      || set_caps (kind, caps_of_type (hints->content_type, hints->width, hints->height))
      || (raw && set_caps (kind, raw_caps (hints)))
      || (!raw && set_caps (kind, caps_of_type (type, hints->width, hints->height)))) {
    kind->raw_size = g_strcmp0 (kind->format, "raw") == 0 ? m->value_len : 0;
    return TRUE;
  }
  return FALSE;
}

static const gchar *
sniff (const guint8 *data, gsize size)
{
  if (size > 3 && memcmp (data, "\xff\xd8\xff", 3) == 0)
    return "image/jpeg";
  if (size > 8 && memcmp (data, "\x89PNG\r\n\x1a\n", 8) == 0)
    return "image/png";
  if (size > 12 && memcmp (data, "RIFF", 4) == 0 && memcmp (data + 8, "WEBP", 4) == 0)
    return "image/webp";
  return NULL;
}

/**
 * gst_kafka_kind_from_magic:
 * @kind: changed when %TRUE is returned and the record is of another kind than the one before
 * @m: a record
 *
 * Returns: whether its first bytes, or its size among raw frames, say what it is
 */
gboolean
gst_kafka_kind_from_magic (GstKafkaKind *kind, const TribKafkaMessage *m)
{
  const gchar *type = sniff (m->value, m->value_len);

  if (type && kind->caps && kind->header == NULL
      && gst_structure_has_name (gst_caps_get_structure (kind->caps, 0), type))
    return TRUE;
  if (type)
    return set_caps (kind, caps_of_type (type, 0, 0));
  return kind->raw_size > 0 && m->value_len == kind->raw_size;
}

/**
 * gst_kafka_kind_from_typefinding:
 * @kind: changed when %TRUE is returned
 * @element: for typefinding's log
 * @m: a record
 *
 * Returns: whether its bytes are of a kind that GStreamer recognises
 */
gboolean
gst_kafka_kind_from_typefinding (GstKafkaKind *kind, GstObject *element, const TribKafkaMessage *m)
{
  return m->value_len > 0
         && set_caps (kind, gst_type_find_helper_for_data (element, m->value, m->value_len, NULL));
}

static gboolean
is_key_unit (const GstKafkaKind *kind, guint8 header)
{
  guint type = kind->is_h265 ? (header >> 1) & 0x3f : header & 0x1f;

  return kind->is_h265 ? type >= 16 && type <= 21 : type == 5;
}

/**
 * gst_kafka_kind_is_key:
 * @kind: what the bytes are
 * @data: (array length=size): an access unit
 * @size: its bytes
 *
 * Returns: whether it can be decoded by itself: H.264 type 5, H.265 types 16 to 21; all else always
 */
gboolean
gst_kafka_kind_is_key (const GstKafkaKind *kind, const guint8 *data, gsize size)
{
  gsize at = 0;

  if (!kind->has_delta)
    return TRUE;
  if (kind->nal_length == 0) {
    for (; at + 3 < size; at++)
      if (data[at] == 0 && data[at + 1] == 0 && data[at + 2] == 1
          && is_key_unit (kind, data[at + 3]))
        return TRUE;
    return FALSE;
  }
  while (size - at > kind->nal_length) {
    gsize length = 0;
    for (guint i = 0; i < kind->nal_length; i++)
      length = length << 8 | data[at + i];
    at += kind->nal_length;
    if (is_key_unit (kind, data[at]))
      return TRUE;
    if (length > size - at)
      return FALSE;
    at += length;
  }
  return FALSE;
}
