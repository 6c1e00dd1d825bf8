/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* tributary-kafka-verify as a child process that follows one session and reports in JSON lines. */

typedef enum {
  VERIFIER_STARTING,
  VERIFIER_FOLLOWING, /* it reads: nothing sent from now on is missed */
  VERIFIER_CLEAN,     /* ended: everything is proven */
  VERIFIER_FINDINGS,  /* ended: something is not as it should be */
  VERIFIER_BROKEN,    /* ended without a verdict */
} VerifierState;

typedef struct _Verifier Verifier;

/* @changed: called in the main context, with each line that was read and at the end */
Verifier *verifier_start (const gchar *bootstrap_servers, const gchar *session_id,
    void (*changed) (gpointer user_data), gpointer user_data, GError **error);
void verifier_free (Verifier *v);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Verifier, verifier_free)

/* asks for the verdict: it reads to the present end of the topics, then state changes */
void verifier_conclude (Verifier *v);
void verifier_kill (Verifier *v);

VerifierState verifier_get_state (const Verifier *v);
/* a top-level number of the last line, 0 if it has none of that name */
guint64 verifier_get_number (const Verifier *v, const gchar *member);
/* why there is no verdict, or what was found, for people */
const gchar *verifier_get_problem (const Verifier *v);

G_END_DECLS
