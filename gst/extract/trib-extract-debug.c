/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-extract-debug.h"

TribLogCategory trib_extract_debug = { "tribextract", "frames given to branches", NULL };
