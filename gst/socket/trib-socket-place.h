/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* Rendezvous of processes on one machine (contract OBS-9): a Unix socket, by path or by abstract
 * name (a leading '@'), or a FIFO. Nothing here blocks. */

#define TRIB_SOCKET_ERROR (trib_socket_error_quark ())
GQuark trib_socket_error_quark (void);

typedef enum {
  TRIB_SOCKET_ERROR_LOCATION,    /* not a valid name of a socket or FIFO */
  TRIB_SOCKET_ERROR_IN_USE,      /* a running process listens there */
  TRIB_SOCKET_ERROR_OTHER_KIND,  /* the file is of another type */
  TRIB_SOCKET_ERROR_NO_RECEIVER, /* no process listens there, or reads: may change at any time */
  TRIB_SOCKET_ERROR_FAILED,      /* a system call failed */
  TRIB_SOCKET_ERROR_BOUNDARY,    /* where an item of a stream begins is not known any more */
} TribSocketError;

typedef enum {
  TRIB_SOCKET_DATAGRAM,
  TRIB_SOCKET_STREAM,
  TRIB_SOCKET_FIFO,
} TribSocketType;

typedef struct {
  gint fd;     /* non-blocking, close-on-exec; -1: none */
  gchar *path; /* a file that was created, to be removed; NULL: none */
  dev_t device;
  ino_t inode;
} TribSocketPlace;

#define TRIB_SOCKET_PLACE_INIT ((TribSocketPlace){ .fd = -1 })

gboolean trib_socket_check_location (const gchar *location, TribSocketType type, GError **error);
gboolean trib_socket_place_bind (TribSocketPlace *place, const gchar *location, TribSocketType type,
    guint mode, guint backlog, GError **error);
gboolean trib_socket_place_make_fifo (
    TribSocketPlace *place, const gchar *location, guint mode, GError **error);
void trib_socket_place_clear (TribSocketPlace *place);

gint trib_socket_connect (const gchar *location, TribSocketType type, GError **error);
gint trib_socket_open_fifo_reader (const gchar *location, GError **error);
gint trib_socket_peer_pid (gint fd);

G_END_DECLS
