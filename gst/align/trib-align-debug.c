/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-align-debug.h"

TribLogCategory trib_align_debug = { "tribalign", "observations brought together per frame", NULL };
