/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Rules that convert element messages to records, as a text:
 *
 *   barcode: element=zbar, type=barcode, list=codes, text=symbol, quality=quality;
 *   motion: type=motion, cells=pairs(motion_cells_indices), *
 *
 * docs/internals/message-map.md has the language. Nothing here knows GStreamer. */

#define TRIB_MESSAGE_MAP_ERROR (trib_message_map_error_quark ())
GQuark trib_message_map_error_quark (void);

typedef enum {
  TRIB_MESSAGE_MAP_ERROR_SYNTAX, /* cannot be read; the message says at which character */
  TRIB_MESSAGE_MAP_ERROR_NAME,   /* a name that a record keeps for itself, or a word that is none */
  TRIB_MESSAGE_MAP_ERROR_LIMIT,  /* longer or deeper than a mapping may be */
} TribMessageMapError;

#define TRIB_MESSAGE_MAP_MAX_BYTES (64 * 1024)
#define TRIB_MESSAGE_MAP_MAX_DEPTH 8

typedef enum {
  TRIB_MESSAGE_VALUE_FIELD,   /* the field @text of the message */
  TRIB_MESSAGE_VALUE_TEXT,    /* @text itself */
  TRIB_MESSAGE_VALUE_NUMBER,  /* @number itself */
  TRIB_MESSAGE_VALUE_BOOLEAN, /* @number itself, 0 or 1 */
  TRIB_MESSAGE_VALUE_LIST,    /* @items in a list */
  /* four @items, of which the first two are the middle of a box: the box */
  TRIB_MESSAGE_VALUE_CENTRED,
  TRIB_MESSAGE_VALUE_PAIRS,    /* the field @text holds "4:3,4:8": [[4,3],[4,8]] */
  TRIB_MESSAGE_VALUE_PROPERTY, /* the property @text of the element that posted the message */
} TribMessageValueKind;

typedef struct {
  TribMessageValueKind kind;
  gchar *text;
  gdouble number;
  GPtrArray *items; /* of TribMessageValue */
} TribMessageValue;

typedef struct {
  gchar *key;
  TribMessageValue *value;
} TribMessageMember;

/* what a message's record is about */
typedef enum {
  TRIB_MESSAGE_TIME_AUTO,    /* the frame where there are pictures, else the message's own time */
  TRIB_MESSAGE_TIME_FRAME,   /* the frame that was looked at */
  TRIB_MESSAGE_TIME_MESSAGE, /* the time that the message itself says */
} TribMessageTime;

/**
 * TribMessageRule:
 * @message: name of the message's structure; ends with an asterisk where any that begins so is
 * meant
 * @element: (nullable): name of the factory whose messages are meant
 * @type: (nullable): type of the record; %NULL: the message's name
 * @list: (nullable): the record has a list of this name, to which each message adds
 * @each: (nullable): a field that holds a list of structures: each of them is what a message is
 * else
 * @time: what the record is about
 * @all: whether all fields that @members do not name go along under their own names
 * @members: (element-type TribMessageMember): members of the record, in this order
 */
typedef struct {
  gchar *message;
  gchar *element;
  gchar *type;
  gchar *list;
  gchar *each;
  TribMessageTime time;
  gboolean all;
  GPtrArray *members;
} TribMessageRule;

typedef struct _TribMessageMap TribMessageMap;

TribMessageMap *trib_message_map_new (const gchar *text, GError **error);
TribMessageMap *trib_message_map_ref (TribMessageMap *map);
void trib_message_map_unref (TribMessageMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribMessageMap, trib_message_map_unref)

guint trib_message_map_n_rules (const TribMessageMap *map);
/* those of the text precede the built-in ones */
const TribMessageRule *trib_message_map_rule (const TribMessageMap *map, guint index);
const TribMessageRule *trib_message_map_find (
    const TribMessageMap *map, const gchar *message, const gchar *element);
const gchar *trib_message_map_type_of (const TribMessageMap *map, const gchar *element);
const gchar *trib_message_map_built_in (void);
gboolean trib_message_map_name_is_reserved (const gchar *name);
gboolean trib_message_map_type_is_usable (const gchar *type);

G_END_DECLS
