/* Any bytes as music: issues that point into the text, never more than are kept. */
#include "music/abc_check.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct abc_report report; /* Large. */
    struct err err = { 0 };
    struct slice text = { (const char *)data, size };
    if (abc_check(&report, text, &err) < 0) return 0;
    assert(report.n_issues <= ABC_ISSUES_MAX);
    uint32_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += data[i] == '\n';
    for (uint32_t i = 0; i < report.n_issues; i++) {
        const struct abc_issue *issue = &report.issues[i];
        assert(issue->line <= lines && issue->column >= 1 && issue->text[0]);
    }
    uint32_t described = report.n_tunes < ABC_TUNES_MAX ? report.n_tunes : ABC_TUNES_MAX;
    for (uint32_t i = 0; i < described; i++) {
        const struct abc_tune *tune = &report.tunes[i];
        assert(tune->line >= 1 && tune->line <= lines && tune->sections <= tune->bars);
        assert(strlen(tune->title) <= ABC_TUNE_TEXT_MAX && strlen(tune->key) < ABC_KEY_NAME_MAX);
    }
    return 0;
}
