/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <align/trib-align-streams.h>

G_BEGIN_DECLS

/* Alignment as a line of text. Times are in ms. A script is a list of words:
 *   F33@43        source F, capture time 33, arrives at 43; sources are one letter
 *   F33#7@43      with frame id 7; F33.2@43 with sequence number 2; F33:1/2@43 part 1 of 2
 *   F33e@43       empty; F33s@43 skipped; F33l@43 says that it is late
 *   Fb33@43       a bound; Feos@43 the source's end
 *   F33~a1@43     of stream a of session 1; F33%7@43 of owner 7
 *   A33=FP@43     announce, F and P will answer; A33@43 as configured
 *   @110          time passes; eos@110 all sources have ended; flush@110; flushF@110
 *   stop@10 go@20 downstream blocks in between
 *   sources=F,P   the setting
 *   F99999999n@3  a capture time in ns
 * Events are written as:
 *   33[FPG]complete@60     a result; (G:timeout) a missing source and why; /1 its pane;
 *                          #7 its frame id; {F:12} stale; a1:33[FPG] of stream a of session 1
 *   late:G0@111 dup:F0@200 drop:implausible:F9@3 idle:G@52 active:G@68 allidle@99 jump:F@5 ...
 *   with show=WORD[,...]: holder:F@3 source:F@3 stats@9 announce:33@3 delay:0(G)=160@160
 *                          (G is missing, 160 ms older than the latest)
 *   with forgets=yes: streams may be forgotten
 *   with times=yes: 5[F6P5]complete@6  each with its own time
 * Settings are NAME=VALUE words with the names of the settings; the default sources are
 * F,P,G. */

typedef struct _Rig Rig;

Rig *rig_new (const gchar *settings);
void rig_free (Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)
void rig_run (Rig *rig, const gchar *script);
/* the events since the last call; checks that the counters close and no payload is lost */
gchar *rig_take (Rig *rig);
/* of the first stream */
TribAlign *rig_align (Rig *rig);
TribAlignStreams *rig_streams (Rig *rig);
void rig_run_format (Rig *rig, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
/* asserts the events since the last call */
void rig_expect (Rig *rig, const gchar *told);

typedef struct {
  const gchar *name, *settings, *script, *told;
} RigCase;

/* each a test of its own, /align/NAME; @cases: static */
void rig_add_cases (const RigCase *cases, guint n);

G_END_DECLS
