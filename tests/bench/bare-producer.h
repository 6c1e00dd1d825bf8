/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* librdkafka with nothing around it: what any sender of these records pays at least. */
typedef struct _BareProducer BareProducer;

BareProducer *bare_producer_new (const gchar *bootstrap, const gchar *prefix, gboolean three,
    guint64 max_pending_bytes, gchar **options);
void bare_producer_send (BareProducer *self, const void *data, gsize size);
void bare_producer_drain (BareProducer *self);
void bare_producer_free (BareProducer *self);

G_END_DECLS
