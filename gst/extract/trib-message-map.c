/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-message-map.h"

#include <record/trib-record-envelope.h>

#include <string.h>

G_DEFINE_QUARK (trib - message - map - error - quark, trib_message_map_error)

/* ends a word without quotation marks */
#define PUNCTUATION " \t\r\n,;:=[]()'\"*"

struct _TribMessageMap {
  gatomicrefcount refs;
  GPtrArray *rules;
};

/* Messages of GStreamer 1.22 to 1.26. handdetect reports the centre of a hand. facedetect reports
 * parts of a face only where it has a profile for them. */
static const gchar built_in[]
    = "facedetect: element=facedetect, type=face, list=faces, each=faces,\n"
      "  bbox=[x,y,width,height], eyes=[eyes->x,eyes->y,eyes->width,eyes->height],\n"
      "  nose=[nose->x,nose->y,nose->width,nose->height],\n"
      "  mouth=[mouth->x,mouth->y,mouth->width,mouth->height];\n"
      "hand-gesture: element=handdetect, type=gesture, list=hands,\n"
      "  gesture=gesture, bbox=centred(x,y,width,height);\n"
      "motion: element=motioncells, type=motion, cells=pairs(motion_cells_indices),\n"
      "  grid=[property(gridy),property(gridx)],\n"
      "  begin_ns=motion_begin, finished_ns=motion_finished, still_since_ns=no_motion,\n"
      "  init_error_code=init_error_code, save_error_code=save_error_code, details=details;\n"
      "level: element=level, type=level, time=message,\n"
      "  rms=rms, peak=peak, decay=decay, duration_ns=duration;\n"
      "barcode: element=zbar, type=barcode, list=codes,\n"
      "  text=symbol, symbology=type, quality=quality";

typedef struct {
  const gchar *text;
  const gchar *at;
  guint depth;
  GError **error;
} Parser;

/* ---- rules in memory ---- */

static void
value_free (gpointer data)
{
  TribMessageValue *value = data;

  g_free (value->text);
  g_clear_pointer (&value->items, g_ptr_array_unref);
  g_free (value);
}

static void
member_free (gpointer data)
{
  TribMessageMember *member = data;

  g_free (member->key);
  g_clear_pointer (&member->value, value_free);
  g_free (member);
}

static void
rule_free (gpointer data)
{
  TribMessageRule *rule = data;

  g_free (rule->message);
  g_free (rule->element);
  g_free (rule->type);
  g_free (rule->list);
  g_free (rule->each);
  g_ptr_array_unref (rule->members);
  g_free (rule);
}

/**
 * trib_message_map_name_is_reserved:
 * @name: of a member
 *
 * Returns: whether every observation has a field of that name, which no message may set
 */
gboolean
trib_message_map_name_is_reserved (const gchar *name)
{
  TribRecordFieldId field = trib_record_field_lookup (name, strlen (name));
  guint64 fields = trib_record_kind_fields (TRIB_RECORD_KIND_OBS) | TRIB_RECORD_BIT (RECORD_TYPE)
                   | TRIB_RECORD_BIT (KIND);

  return field != TRIB_RECORD_N_FIELDS && (fields >> field & 1) != 0;
}

/**
 * trib_message_map_type_is_usable:
 * @type: a type of observations
 *
 * Returns: whether @type is valid in a record, and not the name of another kind of record
 */
gboolean
trib_message_map_type_is_usable (const gchar *type)
{
  gsize len = strlen (type);

  return len > 0 && len <= TRIB_RECORD_MAX_TEXT_BYTES && g_utf8_validate (type, (gssize) len, NULL)
         && trib_record_kind_lookup (TRIB_RECORD_FIELD_TYPE, type, len) == TRIB_RECORD_N_KINDS;
}

/* ---- words ---- */

G_GNUC_PRINTF (4, 5)
static gboolean
fail (Parser *p, TribMessageMapError code, const gchar *at, const gchar *format, ...)
{
  g_autofree gchar *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (p->error, TRIB_MESSAGE_MAP_ERROR, code, "mapping, character %ld: %s",
      g_utf8_pointer_to_offset (p->text, at) + 1, what);
  return FALSE;
}

/* the text there, for messages */
static gchar *
describe_here (const gchar *at)
{
  g_autofree gchar *some = NULL;

  if (*at == '\0')
    return g_strdup ("the end");
  some = g_utf8_substring (at, 0, MIN (g_utf8_strlen (at, -1), 12));
  return g_strdup_printf ("\"%s\"", some);
}

static gboolean
fail_here (Parser *p, const gchar *wanted)
{
  g_autofree gchar *here = describe_here (p->at);

  return fail (p, TRIB_MESSAGE_MAP_ERROR_SYNTAX, p->at, "%s is due, and there is %s", wanted, here);
}

static void
skip_space (Parser *p)
{
  p->at += strspn (p->at, " \t\r\n");
}

static gboolean
take (Parser *p, gchar c)
{
  skip_space (p);
  if (*p->at != c)
    return FALSE;
  p->at++;
  return TRUE;
}

static gboolean
read_quoted (Parser *p, gchar mark, gchar **ret_text)
{
  const gchar *begin = ++p->at, *end = strchr (begin, mark);

  if (end == NULL)
    return fail (p, TRIB_MESSAGE_MAP_ERROR_SYNTAX, begin - 1, "no %c ends what begins here", mark);
  *ret_text = g_strndup (begin, (gsize) (end - begin));
  p->at = end + 1;
  return TRUE;
}

/* a name, quoted where it contains punctuation */
static gboolean
read_name (Parser *p, const gchar *wanted, gchar **ret_name, gboolean *ret_quoted)
{
  gsize len;

  skip_space (p);
  if (ret_quoted != NULL)
    *ret_quoted = *p->at == '"';
  if (*p->at == '"') {
    const gchar *begin = p->at;

    if (!read_quoted (p, '"', ret_name))
      return FALSE;
    if (**ret_name != '\0')
      return TRUE;
    g_clear_pointer (ret_name, g_free);
    return fail (p, TRIB_MESSAGE_MAP_ERROR_SYNTAX, begin, "%s is empty", wanted);
  }
  len = strcspn (p->at, PUNCTUATION);
  if (len == 0)
    return fail_here (p, wanted);
  *ret_name = g_strndup (p->at, len);
  p->at += len;
  return TRUE;
}

/* ---- values ---- */

static TribMessageValue *read_value (Parser *p);

static gboolean
read_items (Parser *p, gchar end, GPtrArray *items)
{
  if (++p->depth > TRIB_MESSAGE_MAP_MAX_DEPTH)
    return fail (p, TRIB_MESSAGE_MAP_ERROR_LIMIT, p->at, "more than %d lists in one another",
        TRIB_MESSAGE_MAP_MAX_DEPTH);
  if (!take (p, end)) {
    do {
      TribMessageValue *item = read_value (p);

      if (item == NULL)
        return FALSE;
      g_ptr_array_add (items, item);
    } while (take (p, ','));
    if (!take (p, end))
      return fail_here (p, end == ']' ? "\",\" or \"]\"" : "\",\" or \")\"");
  }
  p->depth--;
  return TRUE;
}

/* NAME( was read: @value->text is NAME */
static gboolean
read_function (Parser *p, const gchar *begin, TribMessageValue *value)
{
  const TribMessageValue *first;

  value->items = g_ptr_array_new_with_free_func (value_free);
  if (!read_items (p, ')', value->items))
    return FALSE;
  first = value->items->len > 0 ? g_ptr_array_index (value->items, 0) : NULL;
  if (g_str_equal (value->text, "centred")) {
    value->kind = TRIB_MESSAGE_VALUE_CENTRED;
    if (value->items->len != 4)
      return fail (p, TRIB_MESSAGE_MAP_ERROR_SYNTAX, begin,
          "centred() takes the middle's x and y, width and height");
  } else if (g_str_equal (value->text, "pairs") || g_str_equal (value->text, "property")) {
    gboolean pairs = g_str_equal (value->text, "pairs");

    value->kind = pairs ? TRIB_MESSAGE_VALUE_PAIRS : TRIB_MESSAGE_VALUE_PROPERTY;
    if (value->items->len != 1 || first->kind != TRIB_MESSAGE_VALUE_FIELD)
      return fail (p, TRIB_MESSAGE_MAP_ERROR_SYNTAX, begin, "%s() takes the name of a %s",
          value->text, pairs ? "field" : "property");
    g_free (value->text);
    value->text = g_strdup (first->text);
  } else {
    return fail (p, TRIB_MESSAGE_MAP_ERROR_NAME, begin,
        "there is no function \"%s\", but centred(), pairs() and property()", value->text);
  }
  return TRUE;
}

static gboolean
read_number (Parser *p, gdouble *ret_number)
{
  gchar *end;

  if (!g_ascii_isdigit (p->at[*p->at == '-' || *p->at == '+']))
    return FALSE;
  *ret_number = g_ascii_strtod (p->at, &end);
  if (end == p->at || (*end != '\0' && strchr (PUNCTUATION, *end) == NULL))
    return FALSE; /* a field that begins with a digit */
  p->at = end;
  return TRUE;
}

static gboolean
read_value_into (Parser *p, TribMessageValue *value)
{
  const gchar *begin;
  gboolean quoted;

  skip_space (p);
  begin = p->at;
  if (take (p, '[')) {
    value->kind = TRIB_MESSAGE_VALUE_LIST;
    value->items = g_ptr_array_new_with_free_func (value_free);
    return read_items (p, ']', value->items);
  }
  if (*p->at == '\'') {
    value->kind = TRIB_MESSAGE_VALUE_TEXT;
    return read_quoted (p, '\'', &value->text);
  }
  if (read_number (p, &value->number)) {
    value->kind = TRIB_MESSAGE_VALUE_NUMBER;
    return TRUE;
  }
  if (!read_name (p, "a field, a number, a 'text' or a [list]", &value->text, &quoted))
    return FALSE;
  if (!quoted && take (p, '('))
    return read_function (p, begin, value);
  if (!quoted && (g_str_equal (value->text, "true") || g_str_equal (value->text, "false"))) {
    value->kind = TRIB_MESSAGE_VALUE_BOOLEAN;
    value->number = *value->text == 't';
  }
  return TRUE;
}

static TribMessageValue *
read_value (Parser *p)
{
  TribMessageValue *value = g_new0 (TribMessageValue, 1);

  value->kind = TRIB_MESSAGE_VALUE_FIELD;
  if (read_value_into (p, value))
    return value;
  value_free (value);
  return NULL;
}

/* ---- rules ---- */

static gboolean
set_word (Parser *p, const gchar *at, gchar **word, gchar *value)
{
  if (*word != NULL) {
    g_free (value);
    return fail (p, TRIB_MESSAGE_MAP_ERROR_SYNTAX, at, "this is said twice");
  }
  *word = value;
  return TRUE;
}

static gboolean
read_time (Parser *p, TribMessageRule *rule)
{
  g_autofree gchar *word = NULL;
  const gchar *at;

  skip_space (p);
  at = p->at;
  if (!read_name (p, "\"frame\" or \"message\"", &word, NULL))
    return FALSE;
  if (g_str_equal (word, "frame"))
    rule->time = TRIB_MESSAGE_TIME_FRAME;
  else if (g_str_equal (word, "message"))
    rule->time = TRIB_MESSAGE_TIME_MESSAGE;
  else
    return fail (p, TRIB_MESSAGE_MAP_ERROR_NAME, at, "time is \"frame\" or \"message\"");
  return TRUE;
}

/* a word of the rule itself: @ret_known says whether @key is one */
static gboolean
read_word (Parser *p, TribMessageRule *rule, const gchar *key, gboolean *ret_known)
{
  const struct {
    const gchar *key;
    gchar **word;
  } words[] = { { "type", &rule->type }, { "list", &rule->list }, { "each", &rule->each },
    { "element", &rule->element } };
  const gchar *at;
  gchar *value;

  *ret_known = TRUE;
  if (g_str_equal (key, "time"))
    return read_time (p, rule);
  skip_space (p);
  at = p->at;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (!g_str_equal (key, words[i].key))
      continue;
    if (!read_name (p, "a name", &value, NULL) || !set_word (p, at, words[i].word, value))
      return FALSE;
    if (words[i].word == &rule->type && !trib_message_map_type_is_usable (value))
      return fail (
          p, TRIB_MESSAGE_MAP_ERROR_NAME, at, "\"%s\" is no type of an observation", value);
    if (words[i].word == &rule->list && trib_message_map_name_is_reserved (value))
      return fail (p, TRIB_MESSAGE_MAP_ERROR_NAME, at, "a record has its own \"%s\"", value);
    return TRUE;
  }
  *ret_known = FALSE;
  return TRUE;
}

static gboolean
read_item (Parser *p, TribMessageRule *rule)
{
  g_autofree gchar *key = NULL;
  TribMessageMember *member;
  TribMessageValue *value;
  gboolean quoted, known = FALSE;
  const gchar *at;

  if (take (p, '*')) {
    rule->all = TRUE;
    return TRUE;
  }
  skip_space (p);
  at = p->at;
  if (!read_name (p, "\"*\" or a name", &key, &quoted))
    return FALSE;
  if (!take (p, '='))
    return fail_here (p, "\"=\"");
  if (!quoted && (!read_word (p, rule, key, &known) || known))
    return known && *p->error == NULL;
  for (guint i = 0; i < rule->members->len; i++) {
    member = g_ptr_array_index (rule->members, i);
    if (g_str_equal (member->key, key))
      return fail (p, TRIB_MESSAGE_MAP_ERROR_SYNTAX, at, "\"%s\" is there twice", key);
  }
  value = read_value (p);
  if (value == NULL)
    return FALSE;
  member = g_new0 (TribMessageMember, 1);
  member->key = g_steal_pointer (&key);
  member->value = value;
  g_ptr_array_add (rule->members, member);
  return TRUE;
}

/* checks of a whole rule */
static gboolean
check_rule (Parser *p, const gchar *at, const TribMessageRule *rule)
{
  if (rule->each != NULL && rule->list == NULL)
    return fail (p, TRIB_MESSAGE_MAP_ERROR_SYNTAX, at, "\"each\" needs a \"list\" to add to");
  if (rule->list != NULL)
    return TRUE;
  for (guint i = 0; i < rule->members->len; i++) {
    const TribMessageMember *member = g_ptr_array_index (rule->members, i);

    if (trib_message_map_name_is_reserved (member->key))
      return fail (p, TRIB_MESSAGE_MAP_ERROR_NAME, at,
          "a record has its own \"%s\"; give it another name, or use a \"list\"", member->key);
  }
  return TRUE;
}

static gboolean
read_rule (Parser *p, TribMessageRule *rule)
{
  const gchar *at;

  skip_space (p);
  at = p->at;
  if (take (p, '*')) {
    rule->message = g_strdup ("*");
  } else {
    if (!read_name (p, "the name of a message", &rule->message, NULL))
      return FALSE;
    if (*p->at == '*') {
      gchar *name = g_strconcat (rule->message, "*", NULL);

      p->at++;
      g_free (rule->message);
      rule->message = name;
    }
  }
  if (!take (p, ':'))
    return fail_here (p, "\":\"");
  do {
    if (!read_item (p, rule))
      return FALSE;
  } while (take (p, ','));
  skip_space (p);
  if (*p->at != '\0' && *p->at != ';')
    return fail_here (p, "\",\" or \";\"");
  return check_rule (p, at, rule);
}

static gboolean
read_rules (TribMessageMap *map, const gchar *text, GError **error)
{
  g_autoptr (GError) failed = NULL;
  Parser p = { text, text, 0, &failed };

  if (strlen (text) > TRIB_MESSAGE_MAP_MAX_BYTES) {
    g_set_error (error, TRIB_MESSAGE_MAP_ERROR, TRIB_MESSAGE_MAP_ERROR_LIMIT,
        "mapping: more than %d bytes", TRIB_MESSAGE_MAP_MAX_BYTES);
    return FALSE;
  }
  if (!g_utf8_validate (text, -1, NULL)) {
    g_set_error (
        error, TRIB_MESSAGE_MAP_ERROR, TRIB_MESSAGE_MAP_ERROR_SYNTAX, "mapping: this is no UTF-8");
    return FALSE;
  }
  for (;;) {
    TribMessageRule *rule;

    while (take (&p, ';'))
      continue;
    if (*p.at == '\0')
      return TRUE;
    rule = g_new0 (TribMessageRule, 1);
    rule->members = g_ptr_array_new_with_free_func (member_free);
    g_ptr_array_add (map->rules, rule);
    if (!read_rule (&p, rule)) {
      g_propagate_error (error, g_steal_pointer (&failed));
      return FALSE;
    }
  }
}

/* ---- maps ---- */

/**
 * trib_message_map_new:
 * @text: (nullable): rules; %NULL or empty: the built-in ones alone
 * @error: return location, in the domain %TRIB_MESSAGE_MAP_ERROR; its message names the character
 *
 * Returns: (transfer full) (nullable): the rules of @text, followed by the built-in ones; for any
 * thread
 */
TribMessageMap *
trib_message_map_new (const gchar *text, GError **error)
{
  g_autoptr (TribMessageMap) map = g_new0 (TribMessageMap, 1);

  g_atomic_ref_count_init (&map->refs);
  map->rules = g_ptr_array_new_with_free_func (rule_free);
  if ((text != NULL && !read_rules (map, text, error)) || !read_rules (map, built_in, error))
    return NULL;
  return g_steal_pointer (&map);
}

TribMessageMap *
trib_message_map_ref (TribMessageMap *map)
{
  g_atomic_ref_count_inc (&map->refs);
  return map;
}

void
trib_message_map_unref (TribMessageMap *map)
{
  if (!g_atomic_ref_count_dec (&map->refs))
    return;
  g_ptr_array_unref (map->rules);
  g_free (map);
}

guint
trib_message_map_n_rules (const TribMessageMap *map)
{
  return map->rules->len;
}

const TribMessageRule *
trib_message_map_rule (const TribMessageMap *map, guint index)
{
  return g_ptr_array_index (map->rules, index);
}

static gboolean
name_fits (const gchar *pattern, const gchar *name)
{
  gsize len = strlen (pattern);

  if (len > 0 && pattern[len - 1] == '*')
    return strncmp (pattern, name, len - 1) == 0;
  return g_str_equal (pattern, name);
}

/**
 * trib_message_map_find:
 * @map: rules
 * @message: name of a message's structure
 * @element: (nullable): name of the factory of the element that posted it
 *
 * Returns: (transfer none) (nullable): the first rule for such a message; lives as long as @map
 */
const TribMessageRule *
trib_message_map_find (const TribMessageMap *map, const gchar *message, const gchar *element)
{
  for (guint i = 0; i < map->rules->len; i++) {
    const TribMessageRule *rule = g_ptr_array_index (map->rules, i);

    if (name_fits (rule->message, message)
        && (rule->element == NULL || g_strcmp0 (rule->element, element) == 0))
      return rule;
  }
  return NULL;
}

/**
 * trib_message_map_type_of:
 * @map: rules
 * @element: name of a factory
 *
 * Returns: (transfer none) (nullable): type of the records of messages of @element
 */
const gchar *
trib_message_map_type_of (const TribMessageMap *map, const gchar *element)
{
  for (guint i = 0; i < map->rules->len; i++) {
    const TribMessageRule *rule = g_ptr_array_index (map->rules, i);

    if (g_strcmp0 (rule->element, element) == 0 && rule->type != NULL)
      return rule->type;
  }
  return NULL;
}

/**
 * trib_message_map_built_in:
 *
 * Returns: the rules that are always there, as text
 */
const gchar *
trib_message_map_built_in (void)
{
  return built_in;
}
