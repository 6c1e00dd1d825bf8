/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-regions.h"

#include <gst/video/gstvideometa.h>

#include "obs-frame.h"
#include "obs-value.h"

#define MAX_REGIONS 4096
#define MAX_BYTES (1024 * 1024)

/* how regions of a kind are written */
typedef struct {
  const gchar *roi_type;
  const gchar *type;
  const gchar *list;
} Kind;

static const Kind kinds[] = {
  { "face", "face", "faces" },
  { "hand", "gesture", "hands" },
  { "gesture", "gesture", "hands" },
};
static const Kind other = { NULL, "regions", "regions" };

static const gchar *
roi_type (const GstVideoRegionOfInterestMeta *roi)
{
  const gchar *name = g_quark_to_string (roi->roi_type);

  return name != NULL ? name : "";
}

static const Kind *
kind_of (const GstVideoRegionOfInterestMeta *roi)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (g_ascii_strcasecmp (roi_type (roi), kinds[i].roi_type) == 0)
      return &kinds[i];
  }
  return &other;
}

/* the kind that all regions have, else `other`; NULL: no region */
static const Kind *
kind_of_all (GstBuffer *frame)
{
  const Kind *kind = NULL;
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              frame, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    const Kind *one = kind_of ((GstVideoRegionOfInterestMeta *) meta);

    if (kind == NULL)
      kind = one;
    else if (g_strcmp0 (kind->list, one->list) != 0)
      return &other;
  }
  return kind;
}

/* the first of the parameters that has such a number */
static void
write_number (
    ObsValueWriter *v, const GstVideoRegionOfInterestMeta *roi, const gchar *field, const gchar *as)
{
  gdouble number;

  for (const GList *l = roi->params; l != NULL; l = l->next) {
    const GValue *value = gst_structure_get_value (l->data, field);

    if (value == NULL || !obs_value_get_double (value, &number))
      continue;
    trib_record_writer_key (v->w, as);
    trib_record_writer_double (v->w, number);
    return;
  }
}

/* members of every region, which no parameter may repeat */
static gboolean
is_taken (const gchar *name)
{
  static const gchar *const names[]
      = { "bbox", "label", "gesture", "id", "parent_id", "confidence", NULL };

  return g_strv_contains (names, name);
}

static gboolean
is_first_of_name (const GList *params, const GList *param)
{
  for (; params != param; params = params->next) {
    if (gst_structure_has_name (params->data, gst_structure_get_name (param->data)))
      return FALSE;
  }
  return TRUE;
}

static void
write_region (ObsValueWriter *v, const GstVideoRegionOfInterestMeta *roi, const Kind *kind)
{
  TribRecordWriter *w = v->w;
  const guint box[] = { roi->x, roi->y, roi->w, roi->h };

  trib_record_writer_begin_map (w);
  trib_record_writer_key (w, "bbox");
  trib_record_writer_begin_array (w);
  for (guint i = 0; i < G_N_ELEMENTS (box); i++)
    trib_record_writer_uint (w, box[i]);
  trib_record_writer_end_array (w);
  if (kind == &other) {
    trib_record_writer_key (w, "label");
    trib_record_writer_string (w, roi_type (roi));
  }
  if (roi->id > 0) {
    trib_record_writer_key (w, "id");
    trib_record_writer_int (w, roi->id);
  }
  if (roi->parent_id > 0) {
    trib_record_writer_key (w, "parent_id");
    trib_record_writer_int (w, roi->parent_id);
  }
  write_number (v, roi, "confidence", "confidence");
  for (const GList *l = roi->params; l != NULL && !v->is_full; l = l->next) {
    const gchar *name = gst_structure_get_name (l->data);

    if (is_taken (name) || !is_first_of_name (roi->params, l))
      continue;
    trib_record_writer_key (w, name);
    trib_record_writer_begin_map (w);
    obs_value_write_fields (v, l->data, NULL, NULL);
    trib_record_writer_end_map (w);
  }
  trib_record_writer_end_map (w);
}

/**
 * obs_regions_to_record:
 * @frame: a frame
 * @head: the envelope: of kind observation, with `t_ns` or `frame_id`; it gets `type` and `source`
 * where it has none
 * @format: of the record
 *
 * One observation of all regions of interest on @frame. Faces alone are `faces` of type `face`,
 * hands alone (`hand`, `gesture`) `hands` of type `gesture`, everything else `regions` of type
 * `regions`, each with its `label`. A region has its `bbox`, its `id` and `parent_id` where they
 * are not 0, `confidence` where a parameter has it, and its parameters, each a map of its name. A
 * record has at most 4096 regions, and at most 1 MiB; `regions_left_out` is the number of the
 * others. Any thread that may read @frame.
 *
 * Returns: (transfer full) (nullable): the record, with the timestamps, flags and metas of @frame;
 * %NULL when it has no regions
 */
GstBuffer *
obs_regions_to_record (GstBuffer *frame, const TribRecordEnvelope *head, TribRecordFormat format)
{
  const Kind *kind = kind_of_all (frame);
  TribRecordEnvelope e = *head;
  GString *text;
  TribRecordWriter w;
  ObsValueWriter v = { .w = &w, .max_bytes = MAX_BYTES };
  gpointer state = NULL;
  GstMeta *meta;
  guint n = 0, n_left_out = 0;

  if (kind == NULL)
    return NULL;
  if (!trib_record_has (&e, TRIB_RECORD_FIELD_TYPE)) {
    e.type = TRIB_RECORD_TEXT (kind->type);
    e.has |= TRIB_RECORD_BIT (TYPE);
  }
  if (!trib_record_has (&e, TRIB_RECORD_FIELD_SOURCE)) {
    e.source = e.type;
    e.has |= TRIB_RECORD_BIT (SOURCE);
  }
  text = g_string_sized_new (256);
  trib_record_writer_init (&w, format, text);
  trib_record_envelope_begin (&w, &e);
  trib_record_writer_key (&w, kind->list);
  trib_record_writer_begin_array (&w);
  while ((meta = gst_buffer_iterate_meta_filtered (
              frame, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    if (n < MAX_REGIONS && text->len < MAX_BYTES) {
      write_region (&v, (GstVideoRegionOfInterestMeta *) meta, kind);
      n++;
    } else {
      n_left_out++;
    }
  }
  trib_record_writer_end_array (&w);
  if (n_left_out > 0) {
    trib_record_writer_key (&w, "regions_left_out");
    trib_record_writer_uint (&w, n_left_out);
  }
  trib_record_writer_end_map (&w);
  return obs_frame_new_record (frame, text);
}
