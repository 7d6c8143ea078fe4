#include "press/language.h"

static const struct press_language languages[] = {
    { "english|american english|british english", "en", "Contents", false },
    { "arabic|العربية|عربي", "ar", "المحتويات", true },
    { "bengali|bangla|বাংলা", "bn", "সূচিপত্র", false },
    { "bulgarian|български", "bg", "Съдържание", false },
    { "catalan|català", "ca", "Índex", false },
    { "chinese|simplified chinese|mandarin|中文|汉语|简体中文", "zh", "目录", false },
    { "traditional chinese|繁體中文", "zh-Hant", "目錄", false },
    { "croatian|hrvatski", "hr", "Sadržaj", false },
    { "czech|čeština|česky", "cs", "Obsah", false },
    { "danish|dansk", "da", "Indhold", false },
    { "dutch|nederlands", "nl", "Inhoud", false },
    { "estonian|eesti", "et", "Sisukord", false },
    { "finnish|suomi", "fi", "Sisällys", false },
    { "french|français|francais", "fr", "Table des matières", false },
    { "german|deutsch", "de", "Inhalt", false },
    { "greek|ελληνικά", "el", "Περιεχόμενα", false },
    { "hebrew|עברית", "he", "תוכן העניינים", true },
    { "hindi|हिन्दी|हिंदी", "hi", "विषय-सूची", false },
    { "hungarian|magyar", "hu", "Tartalom", false },
    { "indonesian|bahasa indonesia", "id", "Daftar Isi", false },
    { "irish|gaeilge", "ga", "Clár", false },
    { "italian|italiano", "it", "Indice", false },
    { "japanese|日本語", "ja", "目次", false },
    { "korean|한국어", "ko", "차례", false },
    { "latin|latina", "la", "Index", false },
    { "latvian|latviešu", "lv", "Saturs", false },
    { "lithuanian|lietuvių", "lt", "Turinys", false },
    { "norwegian|bokmål|norsk", "nb", "Innhold", false },
    { "nynorsk", "nn", "Innhald", false },
    { "persian|farsi|فارسی", "fa", "فهرست", true },
    { "polish|polski", "pl", "Spis treści", false },
    { "portuguese|português|portugues", "pt", "Índice", false },
    { "brazilian portuguese|português do brasil", "pt-BR", "Sumário", false },
    { "romanian|română", "ro", "Cuprins", false },
    { "russian|русский", "ru", "Содержание", false },
    { "serbian|српски", "sr", "Садржај", false },
    { "slovak|slovenčina", "sk", "Obsah", false },
    { "slovenian|slovenščina", "sl", "Kazalo", false },
    { "spanish|español|espanol|castellano", "es", "Índice", false },
    { "swedish|svenska", "sv", "Innehåll", false },
    { "thai|ไทย|ภาษาไทย", "th", "สารบัญ", false },
    { "turkish|türkçe", "tr", "İçindekiler", false },
    { "ukrainian|українська", "uk", "Зміст", false },
    { "urdu|اردو", "ur", "فہرست", true },
    { "vietnamese|tiếng việt", "vi", "Mục lục", false },
    { "yiddish|ייִדיש", "yi", "", true },
};

static const struct press_language unknown = { "", "und", "", false };

static bool has_name(const char *names, struct slice name)
{
    while (*names) {
        size_t n = strcspn(names, "|");
        if (slice_eq_nocase((struct slice){ names, n }, name)) return true;
        names += n + (names[n] == '|');
    }
    return false;
}

const struct press_language *press_language_find(struct slice name)
{
    struct slice s = slice_trim(name);
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        const struct press_language *l = &languages[i];
        if (slice_eq_nocase(slice_of(l->tag), s) || has_name(l->names, s)) return l;
    }
    return &unknown;
}
