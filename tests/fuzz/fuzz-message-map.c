/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <extract/trib-message-map.h>

#include "fuzz.h"

static void
check_value (const TribMessageValue *value, guint depth)
{
  g_assert (depth <= TRIB_MESSAGE_MAP_MAX_DEPTH);
  if (value->kind == TRIB_MESSAGE_VALUE_FIELD || value->kind == TRIB_MESSAGE_VALUE_PAIRS)
    g_assert (value->text[0] != '\0');
  if (value->kind == TRIB_MESSAGE_VALUE_CENTRED)
    g_assert (value->items->len == 4);
  for (guint i = 0; value->items != NULL && i < value->items->len; i++)
    check_value (g_ptr_array_index (value->items, i), depth + 1);
}

static void
check_rule (const TribMessageRule *rule)
{
  g_assert (rule->message[0] != '\0');
  g_assert (rule->type == NULL || trib_message_map_type_is_usable (rule->type));
  g_assert (rule->each == NULL || rule->list != NULL);
  for (guint i = 0; i < rule->members->len; i++) {
    const TribMessageMember *member = g_ptr_array_index (rule->members, i);

    g_assert (rule->list != NULL || !trib_message_map_name_is_reserved (member->key));
    check_value (member->value, 0);
  }
}

/* A text that is taken gives rules that can be applied, and a rule for each message that it names.
 * One that is refused is refused with a reason. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (TribMessageMap) map = trib_message_map_new (text, &error);

  if (map == NULL) {
    g_assert (error != NULL && error->domain == TRIB_MESSAGE_MAP_ERROR);
    g_assert (g_str_has_prefix (error->message, "mapping"));
    return 0;
  }
  g_assert (error == NULL);
  for (guint i = 0; i < trib_message_map_n_rules (map); i++) {
    const TribMessageRule *rule = trib_message_map_rule (map, i);

    check_rule (rule);
    g_assert (trib_message_map_find (map, rule->message, rule->element) != NULL);
  }
  return 0;
}
