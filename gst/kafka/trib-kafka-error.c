/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-error.h"

G_DEFINE_QUARK (trib - kafka - error - quark, trib_kafka_error)
