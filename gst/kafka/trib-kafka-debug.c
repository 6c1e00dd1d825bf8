/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-debug.h"

TribLogCategory trib_kafka_debug
    = { "tribkafka", "publishing to, reading from and verifying Kafka topics", NULL };
