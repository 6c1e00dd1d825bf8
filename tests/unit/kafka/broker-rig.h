/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/client/trib-kafka-broker.h>

/* trib_test_run() with a broker inside the process, one for all tests of the program */
int broker_rig_run_tests (TribKafkaBroker **ret_broker);
