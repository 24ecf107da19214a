#include "scenarios/scenario.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/support/assets.hpp"

namespace edgefuse::scenarios {
namespace {

constexpr const char* smallest = R"(name = "smallest"
[[fleet.group]]
device = "raspberry-pi-5"
count = 12
)";

constexpr const char* everything = R"(
name = "every-thing_1.0"
question = "Does \"fusion\" survive\ta tab, ünïcode and a \\?"
seed = 9223372036854775807
fidelity = "timing"

[base]
model = "assets:data/models/minimind2-small"

[data]
source = "instructions"
paths = ["assets:data/a.json", "b.json"]
partitioner = "dirichlet"
partitioner_settings = { alpha = 0.3 }
level = "category"
text_unit = "speaker"
held_out = 0.125
max_tokens = 77
examples_per_client = 31
atlas = { seed = 3, public_seed = 4, domains = 5, public_entities = 6, private_entities = 7, relations = 2, values = 9, conflict = 0.75 }

[fleet]
clients = 10
spread = 0.3
memory_scale = 1e-3

[[fleet.group]]
device = "laptop"
share = 0.3
memory = "1.5 GiB"
uplink = "3.3 Mbit/s"
downlink = "1.7 MB/s"
latency = "0.1 ms"
[[fleet.group]]
device = "jetson-orin-nano"
share = 0.7

[network]
uplink = "1 GB/s"
downlink = "7 bit/s"
latency = "0 s"

[pruning]
method = "magnitude"
policy = "fit-memory"
ratios = [0.1, 0.30000000000000004, 0.9]
protect_first = 0
protect_last = 3

[adapter]
rank = 5
ranks = [3, 5, 4096]
alpha = 7.5
rslora = true
targets = ["down", "q"]

[training]
steps = 13
batch = 3
learning_rate = 1e-5
schedule = "constant"
weight_decay = 0.01
clip_norm = 0
loss = "full"
precision = "bf16"
gang = 4

[protocol]
rounds = 6
clients_per_round = 7

[fusion]
weights = "equal"
primary = "b"
[[fusion.arm]]
name = "a"
rule = "ties"
settings = { density = 0.2, scope = "model", exact = true }
[[fusion.arm]]
name = "b"
conflict = "cr-sign"
conflict_settings = { beta = 1 }

[evaluation]
models = ["fused", "base"]
every = 2
held_out_loss = true

[output]
file = "elsewhere/x.h5"
plans = false
events = false
)";

std::string explain(const std::string& text) {
  try {
    (void)parse_scenario(text, "x.toml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Scenario, OfANameAndAFleetIsWhole) {
  const auto s = parse_scenario(smallest, "x.toml");
  EXPECT_EQ(s.name, "smallest");
  EXPECT_EQ(s.fleet.clients, 12);
  EXPECT_EQ(s.protocol.clients_per_round, 12);
  EXPECT_EQ(s.training.epochs, 1);
  EXPECT_FALSE(s.training.steps);
  ASSERT_EQ(s.fusion.arms.size(), 1U);
  EXPECT_EQ(s.fusion.primary, "fused");
  EXPECT_EQ(s.output.file, "results/runs/smallest.h5");
}

TEST(Scenario, OffersOneRankUnlessItNamesSeveral) {
  const auto one = parse_scenario(smallest, "x.toml");
  EXPECT_EQ(one.adapter.rank, 8);
  EXPECT_FALSE(one.adapter.ranks) << "so that resolved scenarios, and digests with them, are what they were";
  const auto several = parse_scenario(smallest + std::string{"[adapter]\nranks = [2, 6]\n"}, "x.toml");
  EXPECT_EQ(several.adapter.ranks, (std::vector<std::int64_t>{2, 6}));
  EXPECT_EQ(several.adapter.rank, 6) << "no default of one that is not on offer";
}

TEST(Scenario, KeepsEveryValueWritten) {
  const auto s = parse_scenario(everything, "x.toml");
  EXPECT_EQ(s.question, "Does \"fusion\" survive\ta tab, ünïcode and a \\?");
  EXPECT_EQ(s.seed, 9223372036854775807U);
  EXPECT_EQ(s.fidelity, Fidelity::timing);
  EXPECT_EQ(s.data.paths, (std::vector<std::string>{"assets:data/a.json", "b.json"}));
  EXPECT_EQ(number(s.data.partitioner_settings, "alpha"), 0.3);
  EXPECT_EQ(s.data.atlas, (Atlas{3, 4, 5, 6, 7, 2, 9, 0.75}));
  EXPECT_EQ(s.fleet.groups[0].memory, Bytes{1.5 * 1024 * 1024 * 1024});
  EXPECT_EQ(s.fleet.groups[0].uplink, BytesPerSecond{3.3e6 / 8});
  EXPECT_EQ(s.fleet.groups[1].share, 0.7);
  EXPECT_FALSE(s.fleet.groups[1].count);
  EXPECT_EQ(s.network.latency, Seconds{0});
  EXPECT_EQ(s.adapter.targets, (std::vector<std::string>{"down", "q"}));
  EXPECT_EQ(s.training.steps, 13);
  EXPECT_FALSE(s.training.epochs);
  EXPECT_EQ(s.training.clip_norm, 0);
  EXPECT_EQ(s.fusion.arms[0].name, "a");
  EXPECT_EQ(word(s.fusion.arms[0].settings, "scope"), "model");
  EXPECT_TRUE(flag(s.fusion.arms[0].settings, "exact"));
  EXPECT_EQ(s.evaluation.models, (std::vector{EvaluatedModel::fused, EvaluatedModel::base}));
  EXPECT_FALSE(s.output.events);
}

TEST(Scenario, ResolvedReadsBackAsItself) {
  for (const std::string text : {smallest, everything}) {
    const auto first = parse_scenario(text, "x.toml");
    const auto written = resolved(first);
    const auto second = parse_scenario(written, "resolved.toml");
    EXPECT_EQ(first, second) << written;
    EXPECT_EQ(written, resolved(second));
  }
}

TEST(Scenario, ResolvedDependsOnWhatIsSaidAndNotOnHow) {
  const auto plain = parse_scenario("seed = 1_000\n" + std::string{smallest}, "x.toml");
  const auto other = parse_scenario(
      "# a comment\nname = 'smallest'\nseed = 0x3e8\n[fleet]\ngroup = [{ count = 12, device = \"raspberry-pi-5\" }]\n",
      "y.toml");
  EXPECT_EQ(plain, other);
  EXPECT_EQ(resolved(plain), resolved(other));
}

TEST(Scenario, DiffersWhenOneValueDiffers) {
  const auto one = parse_scenario(smallest, "x.toml");
  const std::vector<std::string> overrides{"training.batch=9"};
  EXPECT_NE(one, parse_scenario(smallest, "x.toml", overrides));
}

TEST(Scenario, OverridesTakeValuesAsTheShellLeavesThem) {
  const std::vector<std::string> overrides{"network.uplink=2 MB/s",
                                           "name=7",
                                           "fidelity=timing",
                                           "seed=5",
                                           "pruning.ratios=[0, 0.5]",
                                           "fleet.group[0].count=3",
                                           "fleet.group[0].memory=\"4 GB\"",
                                           "data.atlas.conflict=1",
                                           "question=a = b"};
  const auto s = parse_scenario(smallest, "x.toml", overrides);
  EXPECT_EQ(s.network.uplink, BytesPerSecond{2e6});
  EXPECT_EQ(s.name, "7");
  EXPECT_EQ(s.fidelity, Fidelity::timing);
  EXPECT_EQ(s.seed, 5U);
  EXPECT_EQ(s.pruning.ratios, (std::vector<double>{0, 0.5}));
  EXPECT_EQ(s.fleet.groups[0].count, 3);
  EXPECT_EQ(s.fleet.groups[0].memory, Bytes{4e9});
  EXPECT_EQ(s.data.atlas.conflict, 1);
  EXPECT_EQ(s.question, "a = b");
}

TEST(Scenario, LaterOverridesWin) {
  const std::vector<std::string> overrides{"seed=5", "seed=6"};
  EXPECT_EQ(parse_scenario(smallest, "x.toml", overrides).seed, 6U);
}

TEST(Scenario, KnowsWhereEachKeyStands) {
  const std::vector<std::string> overrides{"fleet.spread=0.1"};
  const auto s = parse_scenario(everything, "dir/x.toml", overrides);
  EXPECT_EQ(s.source.mistake("fusion.arm[1].conflict_settings.beta", "p", "r").text(),
            "dir/x.toml:82: fusion.arm[1].conflict_settings.beta: p (r)");
  EXPECT_EQ(s.source.mistake("fusion.arm[1].rule", "p").text(), "dir/x.toml:79: fusion.arm[1].rule: p");
  EXPECT_EQ(s.source.mistake("selection.method", "p").text(), "dir/x.toml: selection.method: p");
  EXPECT_EQ(s.source.mistake("fleet.spread", "p").text(), "--set: fleet.spread: p");
}

TEST(Scenario, KeepsItsTextAsWritten) {
  EXPECT_EQ(parse_scenario(smallest, "x.toml").source.text, smallest);
}

TEST(Scenario, FileThatIsNotThereIsNamed) {
  try {
    (void)load_scenario("no/such.toml");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "no/such.toml: there is no such file (name a scenario file, such as scenarios/quickstart.toml)");
  }
}

TEST(Scenario, FolderIsNoScenario) {
  EXPECT_THROW((void)load_scenario(testing::scratch_folder()), InputError);
}

TEST(Scenario, ComplainsOnceOfABrokenGroup) {
  EXPECT_EQ(explain("name = \"x\"\n[[fleet.group]]\ndevice = \"a\"\nshare = 2\n"),
            "x.toml:4: fleet.group[0].share: 2 is out of range (write a number above 0, at most 1)");
}

TEST(ScenarioPaths, BeginningWithAssetsLieThere) {
  EXPECT_EQ(locate("assets:data/mmlu", "/a/b"), "/a/b/data/mmlu");
  EXPECT_EQ(locate("data/mmlu", "/a/b"), "data/mmlu");
}

TEST(ScenarioFiles, OfThisProjectAreAllReadable) {
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{testing::project_root() / "scenarios"}) {
    // Recipes of `edgefuse pretrain` have a schema of their own.
    if (entry.path().parent_path().filename() == "pretrain") continue;
    if (entry.path().extension() != ".toml") continue;
    ++found;
    try {
      const auto scenario = load_scenario(entry.path());
      EXPECT_EQ(scenario, parse_scenario(resolved(scenario), "resolved"));
    } catch (const InputError& error) {
      ADD_FAILURE() << error.what();
    }
  }
  EXPECT_GT(found, 0U);
}

}  // namespace
}  // namespace edgefuse::scenarios
