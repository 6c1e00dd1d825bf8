/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Messages of the client may quote the options it was given. What is secret in them is removed
 * before they are shown. Pure; not for use from several threads while it is filled. */

gboolean trib_kafka_option_is_secret (const gchar *name);

typedef struct _TribKafkaSecrets TribKafkaSecrets;

TribKafkaSecrets *trib_kafka_secrets_new (void);
void trib_kafka_secrets_free (TribKafkaSecrets *secrets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaSecrets, trib_kafka_secrets_free)

void trib_kafka_secrets_add (TribKafkaSecrets *secrets, const gchar *option, const gchar *value);
gchar *trib_kafka_secrets_hide (const TribKafkaSecrets *secrets, const gchar *text);

G_END_DECLS
