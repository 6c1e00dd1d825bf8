/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record.h"

G_BEGIN_DECLS

/* The mapping table of OBS-10, for both directions. Private to trib-obs-text*.c. */

typedef enum {
  TRIB_OBS_TEXT_INT,
  TRIB_OBS_TEXT_NUMBER,
  TRIB_OBS_TEXT_FLAG, /* 0 or 1; false or true */
  TRIB_OBS_TEXT_WORD, /* without blanks */
} TribObsTextValue;

typedef struct {
  const gchar *key;  /* in text; NULL ends the table */
  const gchar *name; /* in a record */
  TribObsTextValue value;
  guint digits; /* NUMBER: behind the point, in text */
  gboolean is_required;
} TribObsTextKey;

typedef struct {
  const gchar *type;
  const TribObsTextKey *keys;      /* of the record: "key:value,key:value" */
  const gchar *list;               /* (nullable): of maps; its first letter begins their names */
  const TribObsTextKey *item_keys; /* of each map */
  gboolean has_bbox;
} TribObsTextKind;

extern const TribObsTextKey trib_obs_text_obs_keys[];
extern const TribObsTextKey trib_obs_text_trigger_keys[];

/* (nullable): none of its own */
const TribObsTextKind *trib_obs_text_kind (TribRecordSlice type);

G_END_DECLS
