/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-log.h>

G_BEGIN_DECLS

/* this library's category of the log: tribsocket */
extern TribLogCategory trib_socket_debug;

G_END_DECLS
