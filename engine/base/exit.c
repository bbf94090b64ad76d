/* SPDX-FileCopyrightText: 2026 The Belay authors */
/* SPDX-License-Identifier: MIT */
/* exit.c: the exit codes of Belay. */
#include "base/prefix.h"

#include "base/exit.h"

static const struct {
    int status;
    const char *word, *text;
} exits[] = {
    {BL_EXIT_OK, "ok", "all is well"},
    {BL_EXIT_FAILED, "failed", "a check or step failed"},
    {BL_EXIT_USAGE, "invalid", "wrong usage or an invalid runbook"},
    {BL_EXIT_WAITING, "waiting", "waiting at a gate: nobody answered"},
    {BL_EXIT_REJECTED, "rejected", "rejected or aborted by a person"},
    {BL_EXIT_REFUSED, "refused", "refused by guard, may or policy"},
    {BL_EXIT_TIMEOUT, "timeout", "timed out"},
    {BL_EXIT_DOUBT, "doubt", "in doubt: a change whose outcome nobody knows"},
    {BL_EXIT_INT, "cancelled", "interrupted"},
    {BL_EXIT_TERM, "cancelled", "terminated"},
};

int bl_exit_of(enum bl_code code)
{
    switch (code) {
    case BL_OK:
        return BL_EXIT_OK;
    case BL_E_ARG:
    case BL_E_PARSE:
        return BL_EXIT_USAGE;
    case BL_E_WAITING:
        return BL_EXIT_WAITING;
    case BL_E_REJECTED:
        return BL_EXIT_REJECTED;
    case BL_E_GUARD:
        return BL_EXIT_REFUSED;
    case BL_E_TIMEOUT:
        return BL_EXIT_TIMEOUT;
    case BL_E_DOUBT:
        return BL_EXIT_DOUBT;
    default:
        return BL_EXIT_FAILED;
    }
}

const char *bl_exit_text(int status)
{
    for (size_t i = 0; i < BL_COUNT(exits); i++) {
        if (exits[i].status == status)
            return exits[i].text;
    }
    return "failed";
}

const char *bl_exit_word(int status)
{
    for (size_t i = 0; i < BL_COUNT(exits); i++) {
        if (exits[i].status == status)
            return exits[i].word;
    }
    return "failed";
}
