/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The branches of an extractorbin: created, linked, started, shut down. A branch that does not stop
 * is abandoned to a thread of its own, and another one is created at the next start. */
#include "gstextractorbin-private.h"

#include <string.h>

#define GST_CAT_DEFAULT extractor_bin_debug

#define DOWN_US (500 * G_TIME_SPAN_MILLISECOND) /* for a branch to stop */

/* ---- slots ---- */

static void
slot_free (GstExtractorBin *self, ExtractorSlot *slot)
{
  ObsBranch *b = slot->branch;

  gst_extractor_join_set_branch (b->sinkpad, NULL);
  gst_element_remove_pad (self->split, b->srcpad);
  gst_element_remove_pad (self->join, b->sinkpad);
  g_mutex_lock (&self->x->lock);
  g_ptr_array_remove (self->x->branches, b);
  obs_extractor_unlock (self->x);
  obs_branch_unref (b);
  obs_branch_spec_free (slot->spec);
  gst_clear_object (&slot->element);
  g_free (slot);
}

/* @spec: (transfer full) */
static ExtractorSlot *
slot_new (GstExtractorBin *self, ObsBranchSpec *spec)
{
  ExtractorSlot *slot = g_new0 (ExtractorSlot, 1);
  ObsBranch *b = obs_branch_new (self->x, spec);

  slot->spec = spec;
  slot->branch = b;
  b->srcpad = gst_extractor_split_add_branch (GST_EXTRACTOR_SPLIT (self->split), self->next_pad);
  b->sinkpad = gst_extractor_join_add_branch (GST_EXTRACTOR_JOIN (self->join), self->next_pad, b);
  self->next_pad++;
  g_mutex_lock (&self->x->lock);
  g_ptr_array_add (self->x->branches, obs_branch_ref (b));
  obs_extractor_unlock (self->x);
  GST_OBJECT_LOCK (self);
  g_ptr_array_add (self->slots, slot);
  GST_OBJECT_UNLOCK (self);
  return slot;
}

static ExtractorSlot *
find_slot (GstExtractorBin *self, const gchar *name)
{
  for (guint i = 0; i < self->slots->len; i++) {
    ExtractorSlot *slot = self->slots->pdata[i];
    if (g_str_equal (slot->spec->name, name))
      return slot;
  }
  return NULL;
}

/* (transfer full) (nullable): the child of the bin that is or contains it; without OBJECT_LOCK,
 * which each parent is read with */
static GstObject *
child_with (GstExtractorBin *self, GstObject *inside)
{
  GstObject *child = gst_object_ref (inside);

  while (child) {
    GstObject *parent = gst_object_get_parent (child);
    if (parent == GST_OBJECT (self)) {
      gst_object_unref (parent);
      return child;
    }
    gst_object_unref (child);
    child = parent;
  }
  return NULL;
}

/**
 * gst_extractor_bin_find_branch:
 * @inside: an object that may be part of a branch
 *
 * Returns: (transfer full) (nullable): its described branch
 */
ObsBranch *
gst_extractor_bin_find_branch (GstExtractorBin *self, GstObject *inside)
{
  g_autoptr (GstObject) child = inside ? child_with (self, inside) : NULL;
  ObsBranch *found = NULL;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; child && i < self->slots->len && found == NULL; i++) {
    ExtractorSlot *slot = self->slots->pdata[i];
    if ((GstObject *) slot->element == child)
      found = obs_branch_ref (slot->branch);
  }
  GST_OBJECT_UNLOCK (self);
  return found;
}

/* ---- making ---- */

/* raw video is converted unless the first element accepts all of it */
static gboolean
wants_conversion (GstElement *elements)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (elements, "sink");
  g_autoptr (GstCaps) takes = pad ? gst_pad_query_caps (pad, NULL) : gst_caps_new_any ();
  g_autoptr (GstCaps) raw = gst_caps_new_empty_simple ("video/x-raw");

  return gst_caps_can_intersect (takes, raw) && !gst_caps_is_subset (raw, takes);
}

static gboolean
refuse (GError **error, const ObsBranchSpec *spec, const gchar *why)
{
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "branches: \"%s\": %s",
      spec->name, why);
  return FALSE;
}

/* Returns: (transfer full) (nullable): the described elements inside a messageextract */
static GstElement *
make_element (const ObsBranchSpec *spec, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (GstElement) elements = gst_parse_bin_from_description (spec->description, TRUE, &why);
  g_autofree gchar *converted = NULL;
  GstElement *element;

  if (elements)
    gst_object_ref_sink (elements);
  if (elements == NULL || why) {
    refuse (error, spec, why ? why->message : "it cannot be created");
    return NULL;
  }
  if (elements->numsinkpads == 0 || elements->numsrcpads == 0) {
    refuse (error, spec, "it needs an unlinked sink pad and an unlinked source pad");
    return NULL;
  }
  element = gst_element_factory_make ("messageextract", NULL);
  if (element == NULL) {
    refuse (error, spec, "the element messageextract is missing");
    return NULL;
  }
  converted = wants_conversion (elements) ? g_strconcat ("videoconvert ! ", spec->description, NULL)
                                          : g_strdup (spec->description);
  g_object_set (element, "element", converted, "source", spec->name, NULL);
  return gst_object_ref_sink (element);
}

static gboolean
link_element (GstExtractorBin *self, ExtractorSlot *slot, GError **error)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (slot->element, "sink");
  g_autoptr (GstPad) src = gst_element_get_static_pad (slot->element, "src");

  if (gst_pad_link_full (slot->branch->srcpad, sink, GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK
      && gst_pad_link_full (src, slot->branch->sinkpad, GST_PAD_LINK_CHECK_NOTHING)
             == GST_PAD_LINK_OK)
    return TRUE;
  return refuse (error, slot->spec, "it cannot be linked");
}

/* creates the elements of a slot */
static gboolean
fill_slot (GstExtractorBin *self, ExtractorSlot *slot, GError **error)
{
  GstElement *element = make_element (slot->spec, error);
  g_autofree gchar *name = g_strconcat ("branch-", slot->spec->name, NULL);

  if (element == NULL)
    return FALSE;
  gst_object_set_name (GST_OBJECT (element), name);
  GST_OBJECT_LOCK (self);
  slot->element = element;
  GST_OBJECT_UNLOCK (self);
  gst_bin_add (GST_BIN (self), element);
  return link_element (self, slot, error);
}

static void
remove_slot (GstExtractorBin *self, ExtractorSlot *slot)
{
  if (slot->element) {
    gst_bin_remove (GST_BIN (self), slot->element);
    gst_element_set_state (slot->element, GST_STATE_NULL);
  }
  GST_OBJECT_LOCK (self);
  g_ptr_array_remove (self->slots, slot);
  GST_OBJECT_UNLOCK (self);
  slot_free (self, slot);
}

/* the described ones, while nothing runs */
void
gst_extractor_bin_drop_branches (GstExtractorBin *self)
{
  for (guint i = self->slots->len; i > 0; i--) {
    ExtractorSlot *slot = self->slots->pdata[i - 1];
    if (slot->spec->description)
      remove_slot (self, slot);
  }
  g_clear_pointer (&self->made, g_free);
}

/* all of them, for dispose() */
void
gst_extractor_bin_drop_all (GstExtractorBin *self)
{
  while (self->slots->len > 0)
    remove_slot (self, self->slots->pdata[self->slots->len - 1]);
  g_clear_pointer (&self->made, g_free);
}

/* creates the elements of abandoned branches again */
static gboolean
refill (GstExtractorBin *self, GError **error)
{
  for (guint i = 0; i < self->slots->len; i++) {
    ExtractorSlot *slot = self->slots->pdata[i];
    if (slot->spec->description && slot->element == NULL && !fill_slot (self, slot, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
make_all (GstExtractorBin *self, const gchar *text, GError **error)
{
  g_autoptr (GPtrArray) specs = obs_branch_specs_parse (text, error);

  if (specs == NULL)
    return FALSE;
  gst_extractor_bin_drop_branches (self);
  g_ptr_array_set_free_func (specs, NULL);
  for (guint i = 0; i < specs->len; i++) {
    ObsBranchSpec *spec = specs->pdata[i];
    if (spec->description == NULL)
      obs_branch_spec_free (spec);
    else
      slot_new (self, spec);
  }
  self->made = g_strdup (text);
  return TRUE;
}

/**
 * gst_extractor_bin_make_branches:
 * @error: return location: the branch and its mistake
 *
 * Creates the branches that the property `branches` describes, unless they exist.
 */
gboolean
gst_extractor_bin_make_branches (GstExtractorBin *self, GError **error)
{
  g_autofree gchar *text = NULL;

  GST_OBJECT_LOCK (self);
  text = g_strdup (self->settings.branches);
  GST_OBJECT_UNLOCK (self);
  if (g_strcmp0 (text, self->made) != 0 && !make_all (self, text, error))
    return FALSE;
  return refill (self, error);
}

/* ---- starting ---- */

static gboolean
is_linked (const ExtractorSlot *slot)
{
  return slot->element || (slot->src_ghost && slot->sink_ghost);
}

/* An abandoned thread keeps its branch; the slot gets another one. */
static void
renew_branch (GstExtractorBin *self, ExtractorSlot *slot)
{
  ObsBranch *old = slot->branch, *b = obs_branch_new (self->x, slot->spec);

  b->srcpad = gst_object_ref (old->srcpad);
  b->sinkpad = gst_object_ref (old->sinkpad);
  gst_extractor_join_set_branch (b->sinkpad, b);
  g_mutex_lock (&self->x->lock);
  g_ptr_array_remove (self->x->branches, old);
  g_ptr_array_add (self->x->branches, obs_branch_ref (b));
  obs_extractor_unlock (self->x);
  GST_OBJECT_LOCK (self);
  slot->branch = b;
  GST_OBJECT_UNLOCK (self);
  obs_branch_unref (old);
}

/* once both of its pads exist, and the bin runs */
void
gst_extractor_bin_start_slot (GstExtractorBin *self, ExtractorSlot *slot)
{
  ObsExtractor *x = self->x;

  if (!self->running || !is_linked (slot))
    return;
  renew_branch (self, slot);
  g_mutex_lock (&x->lock);
  obs_branch_start (slot->branch);
  obs_extractor_unlock (x);
}

void
gst_extractor_bin_start_branches (GstExtractorBin *self)
{
  for (guint i = 0; i < self->slots->len; i++)
    gst_extractor_bin_start_slot (self, self->slots->pdata[i]);
}

/* ---- shutting down ---- */

/* A thread that unblocks an element by a flush and sets it to NULL, however long that takes: an
 * element with a queue returns from a flush only when its own thread has paused. */
typedef struct {
  gint references;
  GMutex lock;
  GCond cond;
  gboolean done;
  GThread *thread; /* of down_begin() and down_wait() */
  GstElement *element;
  GstPad *srcpad; /* the source of its frames */
} Down;

static void
down_unref (Down *down)
{
  if (!g_atomic_int_dec_and_test (&down->references))
    return;
  g_mutex_clear (&down->lock);
  g_cond_clear (&down->cond);
  gst_object_unref (down->element);
  gst_object_unref (down->srcpad);
  g_free (down);
}

static gpointer
down_thread (gpointer data)
{
  Down *down = data;

  gst_pad_push_event (down->srcpad, gst_event_new_flush_start ());
  gst_element_set_state (down->element, GST_STATE_NULL);
  g_mutex_lock (&down->lock);
  down->done = TRUE;
  g_cond_signal (&down->cond);
  g_mutex_unlock (&down->lock);
  down_unref (down);
  return NULL;
}

static Down *
down_begin (GstElement *element, GstPad *srcpad)
{
  Down *down = g_new0 (Down, 1);

  down->references = 2;
  g_mutex_init (&down->lock);
  g_cond_init (&down->cond);
  down->element = gst_object_ref (element);
  down->srcpad = gst_object_ref (srcpad);
  gst_element_set_locked_state (element, TRUE);
  down->thread = g_thread_new ("trib-ext-down", down_thread, down);
  return down;
}

/* @down: (transfer full); whether it was done in time */
static gboolean
down_wait (Down *down, gint64 until)
{
  gboolean done;

  g_mutex_lock (&down->lock);
  while (!down->done && g_cond_wait_until (&down->cond, &down->lock, until))
    ;
  done = down->done;
  g_mutex_unlock (&down->lock);
  /* joined, it has released the elements */
  if (done)
    g_thread_join (down->thread);
  else
    g_thread_unref (down->thread);
  down_unref (down);
  return done;
}

/* the thread that shuts it down keeps it */
static void
abandon (GstExtractorBin *self, ExtractorSlot *slot)
{
  GstElement *element = slot->element;

  GST_WARNING_OBJECT (self, "branch %s does not stop and is abandoned", slot->spec->name);
  gst_element_post_message (GST_ELEMENT (self),
      obs_branch_to_message (slot->branch, "stuck", "it does not stop and is abandoned"));
  /* only now: before, its errors are those of the branch */
  gst_bin_remove (GST_BIN (self), element);
  GST_OBJECT_LOCK (self);
  slot->element = NULL;
  GST_OBJECT_UNLOCK (self);
  gst_object_unref (element);
}

/* nothing is pushed into it any more, and its elements are unblocked */
static Down *
begin_stop (GstExtractorBin *self, ExtractorSlot *slot)
{
  g_mutex_lock (&self->x->lock);
  obs_branch_end (slot->branch, TRIB_EXTRACT_SKIP_REMOVED);
  obs_extractor_unlock (self->x);
  if (slot->element == NULL)
    return NULL;
  return down_begin (slot->element, slot->branch->srcpad);
}

/* @down: (transfer full) (nullable) */
static void
end_stop (GstExtractorBin *self, ExtractorSlot *slot, Down *down, gint64 until)
{
  if (down && !down_wait (down, until))
    abandon (self, slot);
  else if (down)
    gst_element_set_locked_state (slot->element, FALSE);
  obs_branch_join (slot->branch, until);
}

/* all at once, so that the slowest one determines the time */
void
gst_extractor_bin_stop_branches (GstExtractorBin *self)
{
  g_autofree Down **downs = g_new0 (Down *, self->slots->len + 1);
  gint64 until = g_get_monotonic_time () + DOWN_US;

  for (guint i = 0; i < self->slots->len; i++)
    downs[i] = begin_stop (self, self->slots->pdata[i]);
  for (guint i = 0; i < self->slots->len; i++)
    end_stop (self, self->slots->pdata[i], downs[i], until);
}

/* ---- adding and removing ---- */

/**
 * gst_extractor_bin_add_branch:
 * @text: one branch, as in the property `branches`
 * @error: return location
 *
 * It takes part from the next frame on.
 */
gboolean
gst_extractor_bin_add_branch (GstExtractorBin *self, const gchar *text, GError **error)
{
  g_autoptr (GPtrArray) specs = obs_branch_specs_parse (text, error);
  ObsBranchSpec *spec;
  ExtractorSlot *slot;

  if (specs == NULL)
    return FALSE;
  spec = specs->len == 1 ? specs->pdata[0] : NULL;
  if (spec == NULL || spec->description == NULL) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "add-branch: \"%s\": one NAME=ELEMENTS is expected", text);
    return FALSE;
  }
  if (find_slot (self, spec->name))
    return refuse (error, spec, "the name is used already");
  if (self->slots->len >= TRIB_EXTRACT_MAX_BRANCHES)
    return refuse (error, spec, "there are 64 already");
  g_ptr_array_set_free_func (specs, NULL);
  slot = slot_new (self, spec);
  if (!fill_slot (self, slot, error)) {
    remove_slot (self, slot);
    return FALSE;
  }
  if (!gst_element_sync_state_with_parent (slot->element)) {
    const gchar *why = slot->branch->failure;
    refuse (error, slot->spec, why ? why : "its elements cannot start");
    remove_slot (self, slot);
    return FALSE;
  }
  gst_extractor_bin_start_slot (self, slot);
  return TRUE;
}

/* Returns: whether there was one of that name; its jobs are skipped */
gboolean
gst_extractor_bin_remove_branch (GstExtractorBin *self, const gchar *name)
{
  ExtractorSlot *slot = find_slot (self, name);

  if (slot == NULL || slot->spec->description == NULL)
    return FALSE;
  end_stop (self, slot, begin_stop (self, slot), g_get_monotonic_time () + DOWN_US);
  remove_slot (self, slot);
  return TRUE;
}

/* ---- request pads ---- */

/* the n-th branch that the property names without elements */
static ObsBranchSpec *
spec_of_pads (GstExtractorBin *self, guint n, GError **error)
{
  g_autoptr (GPtrArray) specs = NULL;
  g_autofree gchar *text = NULL, *name = g_strdup_printf ("branch-%u", n);
  guint seen = 0;

  GST_OBJECT_LOCK (self);
  text = g_strdup (self->settings.branches);
  GST_OBJECT_UNLOCK (self);
  specs = obs_branch_specs_parse (text, error);
  if (specs == NULL)
    return NULL;
  for (guint i = 0; i < specs->len; i++) {
    ObsBranchSpec *spec = specs->pdata[i];
    if (spec->description || seen++ != n)
      continue;
    return g_ptr_array_steal_index (specs, i);
  }
  return obs_branch_spec_new (name);
}

static ExtractorSlot *
slot_of_pads (GstExtractorBin *self, guint n)
{
  for (guint i = 0; i < self->slots->len; i++) {
    ExtractorSlot *slot = self->slots->pdata[i];
    if (slot->spec->description == NULL && slot->pads == n)
      return slot;
  }
  return NULL;
}

/* the lowest number without such a pad */
static guint
free_number (GstExtractorBin *self, gboolean src)
{
  for (guint n = 0;; n++) {
    const ExtractorSlot *slot = slot_of_pads (self, n);
    if (slot == NULL || (src ? slot->src_ghost : slot->sink_ghost) == NULL)
      return n;
  }
}

/**
 * gst_extractor_bin_request_slot:
 * @name: (nullable): of the pad
 * @src: whether it is branch_src_%u
 *
 * Returns: (nullable): the slot of the pad; created with the first pad of the pair
 */
ExtractorSlot *
gst_extractor_bin_request_slot (
    GstExtractorBin *self, const gchar *name, gboolean src, GError **error)
{
  const gchar *prefix = src ? "branch_src_" : "branch_sink_";
  guint64 n = free_number (self, src);
  ExtractorSlot *slot;
  ObsBranchSpec *spec;

  if (name && g_str_has_prefix (name, prefix) && !strchr (name, '%')
      && !g_ascii_string_to_unsigned (name + strlen (prefix), 10, 0, G_MAXUINT16, &n, error))
    return NULL;
  slot = slot_of_pads (self, (guint) n);
  if (slot) {
    gboolean taken = (src ? slot->src_ghost : slot->sink_ghost) != NULL;
    if (taken)
      refuse (error, slot->spec, "that pad exists already");
    return taken ? NULL : slot;
  }
  if (self->slots->len >= TRIB_EXTRACT_MAX_BRANCHES) {
    g_set_error (
        error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS, "there are 64 branches already");
    return NULL;
  }
  spec = spec_of_pads (self, (guint) n, error);
  if (spec == NULL)
    return NULL;
  slot = slot_new (self, spec);
  slot->pads = (guint) n;
  return slot;
}

/* @ghost: a request pad that is released; its branch ends with the first of a pair */
void
gst_extractor_bin_release_slot (GstExtractorBin *self, GstPad *ghost)
{
  for (guint i = 0; i < self->slots->len; i++) {
    ExtractorSlot *slot = self->slots->pdata[i];
    if (slot->src_ghost != ghost && slot->sink_ghost != ghost)
      continue;
    end_stop (self, slot, begin_stop (self, slot), g_get_monotonic_time () + DOWN_US);
    if (slot->src_ghost == ghost)
      slot->src_ghost = NULL;
    else
      slot->sink_ghost = NULL;
    if (slot->src_ghost == NULL && slot->sink_ghost == NULL)
      remove_slot (self, slot);
    return;
  }
}
