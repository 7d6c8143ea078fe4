#include "api/book_plot.h"

#include "api/book_prompt.h"

#include <ctype.h>

/* ---- Roles and turns ---- */

static const char *const roles[BOOK_PEOPLE] = { "the main person",
                                                "a friend, who wants something else",
                                                "the opponent", "somebody who knows a secret" };

static const char *const opening = "an ordinary day, and the first sign that something is wrong";
static const char *const ending = "the conflict ends, and each of them goes where they belong";

static const char *const early[] = {
    "a stranger comes and asks for something",
    "a thing is gone that was there yesterday",
    "a rule is broken for the first time",
    "an old letter says what nobody has told",
    "somebody follows them home",
    "a friend will not help",
    "they go to a place that they were told to leave alone",
    "a bargain is made",
    "somebody arrives who was thought to be far away",
    "a small lie is told to keep the peace",
    "a door that was always locked stands open",
    "they learn a trade or a trick from somebody older",
};
static const char *const middle[] = {
    "a plan fails",
    "two friends quarrel",
    "somebody is found to have lied",
    "an accident, and who is blamed for it",
    "a journey, and what is lost on the way",
    "a night with a storm, and a confession",
    "they must choose between two people",
    "a feast, and an unwelcome guest",
    "somebody falls ill",
    "a promise is broken",
    "a hidden room, and what is kept there",
    "help comes from somebody whom nobody trusted",
    "somebody leaves without a word",
    "an old story turns out to be true",
    "money changes hands, and somebody sees it",
    "they are shut in, and find a way out",
    "a mistake of long ago comes back",
    "a child or an animal finds what they missed",
    "somebody says that they love somebody",
    "the opponent shows a kind side",
};
static const char *const late[] = {
    "everything seems lost",
    "the secret comes out in front of all",
    "they go alone to meet the opponent",
    "somebody pays for what they did",
    "the one who knew everything speaks at last",
    "a fire or a flood, and who is saved",
    "they give up the thing they wanted most",
    "two enemies need each other",
    "they find out what it was all for",
    "a farewell",
};

static const char *deal(const char *const *turns, int64_t n, int64_t i, uint64_t seed)
{
    /* 7 has no divisor in common with the lengths of the tables. */
    return turns[(uint64_t)(i * 7 + (int64_t)(seed % (uint64_t)n)) % (uint64_t)n];
}

#define DEAL(turns, i, seed) deal(turns, sizeof(turns) / sizeof *(turns), i, seed)

const char *book_role(int person)
{
    return roles[person];
}

const char *book_turn(int64_t chapter, int64_t n, uint64_t seed)
{
    if (chapter == 1) return opening;
    if (chapter == n) return ending;
    if (chapter * 4 <= n + 3) return DEAL(early, chapter, seed);
    if (chapter * 4 <= n * 3) return DEAL(middle, chapter, seed);
    return DEAL(late, chapter, seed);
}

static const struct book_piece pieces[] = {
    { "Begin the scene: the place, who is there, and what they are doing.", BOOK_LEAD_ANY },
    { "Now they talk to each other.", BOOK_LEAD_QUOTE },
    { "Now something happens that nobody expected.", BOOK_LEAD_ANY },
    { "What somebody thinks and remembers now.", BOOK_LEAD_NAME },
    { "What they see, hear and touch there.", BOOK_LEAD_ANY },
    { "They talk again, and one of them does not answer.", BOOK_LEAD_QUOTE },
    { "Now somebody makes a choice, and does it.", BOOK_LEAD_NAME },
    { "What comes of it.", BOOK_LEAD_ANY },
};

enum { PIECES = sizeof pieces / sizeof *pieces };

const struct book_piece *book_piece(int number)
{
    return &pieces[number % PIECES];
}

bool book_is_piece(struct slice sentence)
{
    while (sentence.len && !isalpha((unsigned char)sentence.ptr[0]))
        sentence = (struct slice){ sentence.ptr + 1, sentence.len - 1 };
    for (size_t i = 0; i < PIECES; i++)
        if (slice_starts_nocase(sentence, slice_of(pieces[i].asked))) return true;
    return false;
}

/* ---- Two other books ---- */

#define BAKER   "Idea: A baker in a mountain village learns that her bread lets people remember."
#define RAILWAY "Idea: Two brothers inherit a railway that goes nowhere."
#define OVEN                                                                                   \
    "Lena Brandt bakes a loaf for the mayor and waits in his kitchen for him to remember. He " \
    "laughs and feeds it to the dog. That night somebody breaks her oven, and she finds his "  \
    "glove in the ashes."
#define LOAF                                                                                     \
    "Anton Kessler cuts the loaf in his kitchen, looks at her for a long time, and gives it to " \
    "the dog."
#define LOAF_SCENE                                                                              \
    "Lena Brandt: A baker who lost her brother in the snow.\nAnton Kessler: A mayor who wants " \
    "the village to forget.\nThe scene: " LOAF "\n"
#define PERSON(name, about) "{\"name\":\"" name "\",\"about\":\"" about "\"}"

static const struct book_example people[BOOK_PEOPLE][3] = {
    { { BAKER "\nInvent the main person.",
        PERSON("Lena Brandt", "A baker who lost her brother in the snow and asks everybody why "
                              "he went out.") },
      { RAILWAY "\nInvent the main person.",
        PERSON("Owen Pryce", "A clerk of forty who has never left his town and wants to hear a "
                             "whistle on the line again.") } },
    { { BAKER "\nInvent a friend, who wants something else.",
        PERSON("Jakob Frey", "A postman who carries the bread down the valley and hopes that Lena "
                             "will leave with him.") },
      { RAILWAY "\nInvent a friend, who wants something else.",
        PERSON("Huw Pryce", "A gambler with a bad leg who needs money by the summer and wants to "
                            "sell the rails for scrap.") } },
    { { BAKER "\nInvent the opponent.",
        PERSON("Anton Kessler",
               "A mayor who signed a false report years ago and wants the village to forget it.") },
      { RAILWAY "\nInvent the opponent.",
        PERSON("Sybil Marsh",
               "A landowner who dammed the river across the line and wants the brothers gone.") } },
    { { BAKER "\nInvent somebody who knows a secret.",
        PERSON("Therese Zurbriggen",
               "A widow who eats one slice each morning and will not say what she remembers.") },
      { RAILWAY "\nInvent somebody who knows a secret.",
        PERSON("Tom Abbey", "A signalman who kept the last timetable and knows who was on the "
                            "train that never came.") } },
};

static const struct book_example premise[] = {
    { BAKER "\nLena Brandt: A baker who lost her brother in the snow.\nWhat does Lena Brandt "
            "want, what stands against it, and how does it end?",
      "{\"wants\":\"Lena Brandt wants to know why her brother went out into the snow on the night "
      "he died.\",\"against\":\"But the mayor has hidden the report, and every loaf that could "
      "tell her makes somebody else remember what they would rather not.\",\"end\":\"In the end "
      "she bakes one loaf for the whole village, and they learn together that he went to save the "
      "mayor's son.\",\"title\":\"The Bread of Evenings\"}" },
    { 0 },
};

static const struct book_example chapter[] = {
    { "Chapter 6: a plan fails. At its centre: Lena Brandt.",
      "{\"outline\":\"" OVEN "\",\"title\":\"The Cold Oven\"}" },
    { "Chapter 3: somebody is found to have lied. At its centre: Huw Pryce.",
      "{\"outline\":\"Huw Pryce sells forty yards of rail to a stranger at the inn and tells his "
      "brother that thieves took it. Owen follows the cart tracks to the barn. They fight in the "
      "rain, and Huw leaves with the money and without his coat.\",\"title\":\"Forty Yards\"}" },
    { 0 },
};

static const struct book_example plan[] = {
    { "Chapter 6, The Cold Oven: " OVEN "\nIts 6 scenes:",
      "{\"scenes\":[\"Lena Brandt kneads the dough before dawn and asks Jakob Frey what the mayor "
      "likes to eat.\",\"Jakob Frey carries the letters up to the mayor's house and counts the "
      "guests through the window.\",\"" LOAF "\",\"Therese Zurbriggen stops her on the stairs and "
      "says that a dog remembers better than a man.\",\"Lena Brandt comes home to a broken oven "
      "and takes a burnt glove out of the ashes.\",\"Jakob Frey finds the hammer in the snow and "
      "hides it under his coat before she can see it.\"]}" },
    { 0 },
};

static const struct book_example draft[] = {
    { LOAF_SCENE "\nBegin the scene: the place, who is there, and what they are doing.",
      "The kitchen of the mayor was the warmest room in the village, and it smelled of wax and wet "
      "dog. Lena Brandt set the loaf on the table and kept her hands on it, because they were "
      "shaking. Anton Kessler took the long knife from the wall. He cut one slice, held it up to "
      "the window, and looked at her over it until the clock had struck. Then he whistled. The dog "
      "came out from under the bench and ate the bread from his fingers." },
    { LOAF_SCENE "Before: ...The dog came out from under the bench and ate the bread from his "
                 "fingers.\n\nNow they talk to each other.",
      "\"You could have said no,\" Lena told him.\n\n\"I could have.\" He wiped the knife on his "
      "sleeve. \"Your father baked better.\"\n\n\"My father had two children to help him. Who "
      "opened the gate that night?\"\n\n\"The wind,\" said Kessler, and he hung the knife back in "
      "its place. \"Go home. Sleep. You will have forgotten by spring.\"\n\n\"Nobody forgets who "
      "eats my bread,\" she said, and she left the rest of the loaf on his table." },
    { 0 },
};

static const struct book_example notes[] = {
    { "A scene: Lena set the loaf on the table. \"Eat,\" she said. Anton Kessler cut a slice and "
      "gave it to the dog. \"I have nothing to remember,\" he said, and opened the door for her.\n"
      "What happened in it, and what stays true?",
      "{\"summary\":\"Lena Brandt brings a loaf to Anton Kessler, who gives it to his dog and "
      "shows her the door.\",\"facts\":[{\"name\":\"Anton Kessler\",\"fact\":\"He refused the "
      "bread and has a dog.\"},{\"name\":\"Lena\",\"fact\":\"She has been in the mayor's "
      "kitchen.\"}]}" },
    { 0 },
};

static const struct book_example none[] = { { 0 } };

const struct book_example *book_examples(int kind, int person)
{
    switch ((enum book_step_kind)kind) {
    case BOOK_STEP_PEOPLE: return people[person];
    case BOOK_STEP_PREMISE: return premise;
    case BOOK_STEP_CHAPTER: return chapter;
    case BOOK_STEP_PLAN: return plan;
    case BOOK_STEP_NOTES: return notes;
    case BOOK_STEP_DRAFT: return draft;
    case BOOK_STEP_STYLE: break;
    }
    return none;
}

static bool has(struct slice text, const char *words)
{
    return slice_find(text, slice_of(words)) < text.len;
}

static bool has_any(const struct book_row *book, struct slice text, const char *const *words)
{
    for (; *words; words++)
        if (has(text, *words) && !has(book->idea, *words) && !has(book->people, *words) &&
            !has(book->premise, *words))
            return true;
    return false;
}

bool book_of_examples(const struct book_row *book, struct slice text)
{
    static const char *const names[] = { "Lena",    "Brandt",  "Jakob",      "Frey", "Anton",
                                         "Kessler", "Therese", "Zurbriggen", "Owen", "Pryce",
                                         "Huw",     "Sybil",   "Tom Abbey",  NULL };
    static const char *const things[] = { "Forty Yards",
                                          "Cold Oven",
                                          "Bread of Evenings",
                                          "the loaf",
                                          "loaf of bread",
                                          "mayor's kitchen",
                                          "long knife",
                                          "brother in the snow",
                                          "without his coat",
                                          "without her coat",
                                          "eats my bread",
                                          "eats their bread",
                                          NULL };
    return has_any(book, text, names) || has_any(book, text, things);
}
