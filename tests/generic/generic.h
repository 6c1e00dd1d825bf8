/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* What every element of this project must stand, whatever it does. A check adds one line to
 * @problems for each rule that @factory's element breaks, so that test-self.c can prove that it
 * sees them. Criticals and hangs are not collected: they end the program. */
typedef void (*GenericCheck) (GstElementFactory *factory, GPtrArray *problems);

void generic_check_states (GstElementFactory *factory, GPtrArray *problems);
void generic_check_properties (GstElementFactory *factory, GPtrArray *problems);
void generic_check_forwarding (GstElementFactory *factory, GPtrArray *problems);
void generic_check_inspect (GstElementFactory *factory, GPtrArray *problems);

/* the element factories of this project's plugins (see gst_plugin_feature_list_free()) */
GList *generic_factories (void);
/* (transfer full): not floating; set up so that it can start without anything outside the process
 */
GstElement *generic_make (GstElementFactory *factory);
void generic_problem (GPtrArray *problems, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
/* takes what is on @bus; errors (and warnings, when asked for) become problems */
void generic_drain_bus (
    GstBus *bus, gboolean with_warnings, const gchar *when, GPtrArray *problems);
/* (transfer full) of the element's own class: what a base class brings is GStreamer's affair */
GParamSpec **generic_own_properties (GObject *object, guint *ret_n);
