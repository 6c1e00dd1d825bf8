/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-obs-text-table.h"

#include <string.h>

const TribObsTextKey trib_obs_text_obs_keys[] = {
  { "frame", "frame_id", TRIB_OBS_TEXT_INT, .is_required = TRUE },
  { "t_ns", "t_ns", TRIB_OBS_TEXT_INT, .is_required = TRUE },
  { NULL },
};

const TribObsTextKey trib_obs_text_trigger_keys[] = {
  { "label", "label", TRIB_OBS_TEXT_WORD },
  { "t_start_ns", "t_start_ns", TRIB_OBS_TEXT_INT, .is_required = TRUE },
  { "t_end_ns", "t_end_ns", TRIB_OBS_TEXT_INT, .is_required = TRUE },
  { "faces", "faces", TRIB_OBS_TEXT_INT },
  { "score", "score", TRIB_OBS_TEXT_NUMBER, 3 },
  { "reason", "reason", TRIB_OBS_TEXT_WORD },
  { NULL },
};

static const TribObsTextKey no_keys[] = { { NULL } };

static const TribObsTextKey face_keys[] = {
  { "id", "id", TRIB_OBS_TEXT_INT },
  { "conf", "confidence", TRIB_OBS_TEXT_NUMBER, 3 },
  { "expr", "expression", TRIB_OBS_TEXT_NUMBER, 3 },
  { "yaw", "yaw", TRIB_OBS_TEXT_NUMBER, 1 },
  { "pitch", "pitch", TRIB_OBS_TEXT_NUMBER, 1 },
  { "roll", "roll", TRIB_OBS_TEXT_NUMBER, 1 },
  { NULL },
};

static const TribObsTextKey pose_keys[] = {
  { "id", "id", TRIB_OBS_TEXT_INT },
  { "conf", "confidence", TRIB_OBS_TEXT_NUMBER, 3 },
  { "hr", "hand_raised", TRIB_OBS_TEXT_FLAG },
  { "hw", "hand_wave", TRIB_OBS_TEXT_FLAG },
  { "wc", "wave_count", TRIB_OBS_TEXT_INT },
  { NULL },
};

static const TribObsTextKey quality_keys[] = {
  { "blur", "blur", TRIB_OBS_TEXT_NUMBER, 1 },
  { "bright", "brightness", TRIB_OBS_TEXT_NUMBER, 1 },
  { "contrast", "contrast", TRIB_OBS_TEXT_NUMBER, 3 },
  { "gate", "gate_open", TRIB_OBS_TEXT_FLAG },
  { NULL },
};

static const TribObsTextKind kinds[] = {
  { "face", no_keys, "faces", face_keys, TRUE },
  { "pose", no_keys, "poses", pose_keys, FALSE },
  { "quality", quality_keys, NULL, NULL, FALSE },
};

const TribObsTextKind *
trib_obs_text_kind (TribRecordSlice type)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (type.len == strlen (kinds[i].type) && memcmp (type.str, kinds[i].type, type.len) == 0)
      return &kinds[i];
  }
  return NULL;
}
