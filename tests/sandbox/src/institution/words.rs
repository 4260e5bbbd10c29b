//! The names, places, topics and sentences of the generated data.
//!
//! Some are awkward on purpose, as real text is: accents, apostrophes, commas, quotes, line breaks, and text
//! that starts with `=`. A CSV reader must be tested with them.

/// First names.
pub(super) const GIVEN_NAMES: &[&str] = &[
    "Amélie",
    "Björn",
    "Chloe",
    "Dmitri",
    "Eoin",
    "Fatima",
    "Giulia",
    "Hannah",
    "Ibrahim",
    "José",
    "Keiko",
    "Liam",
    "Małgorzata",
    "Noor",
    "Olga",
    "Priya",
    "Quentin",
    "Renée",
    "Søren",
    "Tomás",
    "Uzma",
    "Víctor",
    "Wei",
    "Ximena",
    "Yusuf",
    "Zoë",
    "Anne-Marie",
    "Robert \"Bob\"",
    "Mary Ann",
    "Łukasz",
    "Aisha",
    "Daniel",
    "Grace",
    "Oluwaseun",
    "Sophie",
    "Mohammed",
    "晓明",
    "Ngọc",
    "Ilse",
    "Jack",
];

/// Last names.
pub(super) const FAMILY_NAMES: &[&str] = &[
    "O'Brien",
    "Núñez",
    "Müller",
    "D'Angelo",
    "García, Jr.",
    "Smith",
    "Nguyễn",
    "Čapek",
    "Åkesson",
    "van der Berg",
    "Okafor",
    "Patel",
    "Kowalski",
    "Ó Súilleabháin",
    "Haddad",
    "Yamada",
    "Fernández-López",
    "Brown",
    "Ivanova",
    "MacDonald",
    "St. John",
    "Østergaard",
    "Lefèvre",
    "Şahin",
    "Wang",
    "Khan",
    "Jones",
    "Rossi",
    "Adeyemi",
    "Thompson",
    "De la Cruz",
    "Novák",
    "O'Neill",
    "Singh",
    "Taylor",
    "Dubois",
    "Kim",
    "Hughes",
    "Bianchi",
    "Sørensen",
];

/// Subjects: code, name, department, topics.
pub(super) const SUBJECTS: &[(&str, &str, &str, &[&str])] = &[
    (
        "MATH101",
        "Calculus, Limits & Series",
        "Mathematics",
        &[
            "Limits",
            "Continuity",
            "The derivative",
            "The chain rule",
            "Integrals, definite and not",
            "Series",
            "Taylor's theorem",
            "\"Epsilon\" and delta",
        ],
    ),
    (
        "BIOL120",
        "Cells and Genes",
        "Life Sciences",
        &[
            "The cell",
            "Membranes",
            "Enzymes",
            "DNA, RNA, protein",
            "Meiosis",
            "Mendel's peas",
            "Gene regulation",
            "Evolution",
        ],
    ),
    (
        "CSCI201",
        "Data Structures",
        "Computing",
        &[
            "Arrays",
            "Lists, stacks, queues",
            "Trees",
            "Hash tables",
            "Graphs",
            "Sorting",
            "\"Big O\" in practice",
            "=SUM is not a proof",
        ],
    ),
    (
        "HIST230",
        "Europe since 1789: \"Old\" and New",
        "History",
        &[
            "The Estates-General",
            "Napoléon",
            "1848",
            "Bismarck's wars",
            "The Great War",
            "Versailles, 1919",
            "The Cold War",
            "After 1989",
        ],
    ),
    (
        "PHYS110",
        "Mechanics",
        "Physics",
        &[
            "Units",
            "Newton's laws",
            "Work & energy",
            "Momentum",
            "Rotation",
            "Oscillations",
            "Gravity",
            "Fluids",
        ],
    ),
    (
        "ECON150",
        "Principles of Économics",
        "Économie & Policy",
        &["Scarcity", "Supply, demand", "Elasticity", "Firms", "Monopoly", "Market failure", "GDP", "Money"],
    ),
    (
        "PSYC140",
        "Mind, Brain and Behaviour",
        "Psychology",
        &[
            "Perception",
            "Attention",
            "Memory",
            "Learning",
            "Emotion",
            "Development",
            "Personality",
            "Disorders",
        ],
    ),
    (
        "CHEM115",
        "General Chemistry",
        "Chemistry",
        &[
            "Atoms",
            "Bonds",
            "Stoichiometry",
            "Gases",
            "Thermochemistry",
            "Equilibrium",
            "Acids/bases",
            "Kinetics",
        ],
    ),
];

/// Campuses with their buildings.
pub(super) const BUILDINGS: &[(&str, &str)] = &[
    ("Main Campus", "Old Library"),
    ("Main Campus", "St. Anne's Hall"),
    ("Main Campus", "Turing Building"),
    ("Riverside", "Science Block, North"),
    ("Riverside", "Kelvin Centre"),
];

/// Capture devices.
pub(super) const DEVICES: &[&str] = &["Echo360 PRO", "Echo360 POD", "SafeCapture HD"];
/// The device of a capture made outside a timetable.
pub(super) const PERSONAL_DEVICE: &str = "Universal Capture";

/// Texts of questions.
pub(crate) const QUESTIONS: &[&str] = &[
    "Will this be on the exam?",
    "Could you go over the second step again?\nI lost the thread there.",
    "Why is the sign negative, and not positive?",
    "=A1+B1 gives me an error, is that expected?",
    "What does \"without loss of generality\" mean here?",
    "Is there a typo on the slide?\r\nIt says 1798, but I think it's 1789.",
    "How does this connect to last week's lecture?",
    "- is this a minus, or a dash?",
    "@instructor could you post the reading list?",
    "Où peut-on trouver les exercices corrigés ?",
    "Can we use a calculator, or only pen & paper?",
    "\u{ff0b}1 for another example; I don't understand the diagram.",
];

/// Texts of answers.
pub(crate) const ANSWERS: &[&str] = &[
    "Yes, see the last slide.",
    "No: it follows from the definition, which we'll prove next week.",
    "Good question!\nWe come back to it on Thursday.",
    "=2+2 is the short answer; the long one is in chapter 3.",
    "It is a typo, thank you. I have corrected the deck.",
    "\"Without loss of generality\" means that the other case is the same, with the names swapped.",
    "See section 4.2, page 118, \"Worked examples\".",
    "Two ways:\n- by hand;=A1/B1|+C1\n\u{ff1d}SUM(A1), but check with the instructor.",
    "+1, I'd like to know as well",
    "Oui, sur la page du cours.",
];

/// Polls: prompt, choices, index of the right choice.
pub(crate) const POLLS: &[(&str, &[&str], usize)] = &[
    ("Which statement is always true?", &["The first", "The second", "Both", "Neither"], 1),
    ("What is the value at x = 0?", &["0", "1", "-1", "It is undefined"], 3),
    ("Pick the \"odd one out\":", &["Red, green", "Green, blue", "Blue, \"yellow\"", "None"], 2),
    ("How sure are you\nof the last step?", &["Certain", "Fairly", "Guessing"], 0),
    ("=IF(A1>0, ?, 0): what belongs at the question mark?", &["=A1", "A1", "-A1", "\"A1\""], 1),
    ("Who proposed it first?", &["Müller", "O'Neill", "Núñez", "d'Alembert"], 3),
];
