/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "align-input.h"

G_BEGIN_DECLS

gint align_compare (
    const TribAlignConfig *config, const gchar *what, AlignInput *input, GError **error);

G_END_DECLS
