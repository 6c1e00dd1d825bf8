/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-socket-debug.h"

TribLogCategory trib_socket_debug = { "tribsocket", "Unix sockets and FIFOs", NULL };
