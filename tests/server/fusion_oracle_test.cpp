#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "llm/safetensors.hpp"
#include "server/conflict/resolved.hpp"
#include "server/conflict/sign_conflict.hpp"
#include "server/fuse.hpp"
#include "server/fusion/dare.hpp"
#include "server/fusion/truncation.hpp"
#include "tests/server/deltas.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::server {
namespace {

using nlohmann::json;
using testing::distance;

constexpr double tolerance = 1e-5;

/// The oracle: PEFT adapters in, results of a float64 reference out.
struct Oracle {
  std::filesystem::path folder = edgefuse::testing::assets() / "oracles";
  json facts = json::parse(std::ifstream{folder / "fusion-peft.json"});
  llm::SafetensorsFile tensors{folder / "fusion-peft.safetensors"};

  /// The adapters of a set, with the case's weights, else 1.
  [[nodiscard]] std::vector<Contribution> contributions(const json& one_case) const {
    const auto& set = facts.at("adapters").at(one_case.at("adapters").get<std::string>());
    const auto weights = one_case.at("params").value("weights", std::vector<double>{1, 1, 1});
    std::vector<Contribution> all;
    for (std::uint32_t i = 0; i < 3; ++i)
      all.push_back({.client = i, .weight = weights.at(i), .delta = llm::to_delta(adapter(set, i))});
    if (one_case.value("method", "") == "coverage_mean") {
      for (const auto& off : facts.at("off_rows"))
        coverage(all, off).rows = Kept::first(off.at("from").get<std::int64_t>());
      for (const auto& off : facts.at("off_cols"))
        coverage(all, off).columns = Kept::first(off.at("from").get<std::int64_t>());
    }
    return all;
  }

  static ModuleCoverage& coverage(std::vector<Contribution>& all, const json& off) {
    return all.at(off.at("adapter").get<std::size_t>())
        .coverage[*llm::ModuleId::parse(off.at("module").get<std::string>())];
  }

  /// "factors" names the tensors as "in.H.<i>.<module>.<A|B>".
  [[nodiscard]] llm::Adapter adapter(const json& set, std::uint32_t i) const {
    const auto factors = set.at("factors").get<std::string>();
    const auto prefix = factors.substr(0, factors.find("<i>")) + std::to_string(i) + ".";
    llm::Adapter adapter;
    adapter.spec = {.rank = set.at("ranks").at(i).get<std::int64_t>(),
                    .alpha = set.at("alphas").at(i).get<double>(),
                    .rslora = set.at("rslora").get<bool>(),
                    .targets = {}};
    EXPECT_NEAR(adapter.spec.scale(), set.at("scales").at(i).get<double>(), 1e-12);
    for (const auto& [module, shape] : facts.at("modules").items())
      adapter.modules[*llm::ModuleId::parse(module)] = {.a = tensors.read(prefix + module + ".A"),
                                                        .b = tensors.read(prefix + module + ".B")};
    return adapter;
  }
};

/// How a case of the oracle is asked for here.
struct Request {
  std::string rule;
  Parameters parameters{};
  std::string conflict = "none";
  Parameters conflict_parameters{};
};

std::optional<Request> request(const json& one_case) {
  const auto method = one_case.at("method").get<std::string>();
  const auto& params = one_case.at("params");
  if (method == "mean") return Request{.rule = "mean"};
  if (method == "weighted_sum") return Request{.rule = "weighted-sum"};
  if (method == "coverage_mean") return Request{.rule = "coverage-mean"};
  if (method == "flora") return Request{.rule = "stack"};
  if (method == "task_arithmetic")
    return Request{.rule = "task-arithmetic", .parameters = {{"lambda", params.at("lambda").get<double>()}}};
  if (method == "ties")
    return Request{.rule = "ties",
                   .parameters = {{"density", params.at("density").get<double>()},
                                  {"scope", params.at("scope").get<std::string>()},
                                  {"lambda", params.at("lambda").get<double>()}}};
  if (method == "ties_weighted")
    return Request{.rule = "ties-weighted",
                   .parameters = {{"density", params.at("density").get<double>()},
                                  {"scope", params.at("scope").get<std::string>()},
                                  {"lambda", params.at("lambda").get<double>()}}};
  if (method == "breadcrumbs")
    return Request{.rule = "breadcrumbs",
                   .parameters = {{"keep", params.at("keep").get<double>()},
                                  {"gamma", params.at("gamma").get<double>()},
                                  {"alpha", params.at("alpha").get<double>()},
                                  {"scope", params.at("scope").get<std::string>()}}};
  if (method != "cr_sign") return std::nullopt;

  // Weights decide the election in every cr_sign case, but only weighted_sum fuses with them.
  const std::map<std::string, Request> then = {{"sum", {.rule = "sum"}},
                                               {"mean", {.rule = "mean"}},
                                               {"mean_nonzero", {.rule = "mean-nonzero"}},
                                               {"weighted_sum", {.rule = "weighted-sum"}}};
  auto asked = then.at(params.at("then").get<std::string>());
  asked.conflict = "cr-sign";
  for (const auto* name : {"q", "t", "beta"})
    asked.conflict_parameters[name] = params.at(name).get<double>();
  asked.conflict_parameters["rescale"] = params.at("rescale").get<bool>();
  return asked;
}

TEST(FusionOracle, EveryCaseOfAMethodWeHaveAgreesWithTheReference) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  const Oracle oracle;
  int checked = 0;
  for (const auto& one_case : oracle.facts.at("cases")) {
    const auto asked = request(one_case);
    if (!asked) continue;
    ++checked;
    const auto name = one_case.at("name").get<std::string>();
    const auto resolver = conflict_resolvers().make(asked->conflict, asked->conflict_parameters);
    const auto rule = fusion_rules().make(asked->rule, asked->parameters);
    const auto fused = fuse(oracle.contributions(one_case), *resolver, *rule);
    ASSERT_EQ(fused.size(), oracle.facts.at("modules").size()) << name;
    for (const auto& [id, delta] : fused) {
      const auto wanted = oracle.tensors.read("out." + name + "." + id.name());
      EXPECT_LT(distance(llm::dense(delta), wanted), tolerance) << name << ", " << id.name();
    }
  }
  EXPECT_EQ(checked, 27) << "mean, weighted_sum (2), task_arithmetic, ties (6), ties_weighted, breadcrumbs (2), "
                            "coverage_mean, flora and cr_sign (12)";
}

/// DARE's changes under the masks that the reference drew.
std::vector<Contribution> dropped(const Oracle& oracle, const json& one_case) {
  const auto all = oracle.contributions(one_case);
  const auto modules = source_of(all);
  auto result = all;
  for (const auto& [id, shape] : modules.shapes) {
    std::vector<Mask> masks;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto mask =
          oracle.tensors.read("in.dare_mask." + std::to_string(i) + "." + id.name(), at::kFloat).contiguous();
      masks.emplace_back(mask.data_ptr<float>(), mask.data_ptr<float>() + mask.numel());
    }
    const auto parts = drop_and_rescale(modules.parts(id), masks, one_case.at("params").at("p").get<double>());
    for (const auto& part : parts)
      result.at(part.index).delta[id] = part.delta;
  }
  return result;
}

TEST(FusionOracle, DareUnderTheReferencesMasksAgreesWithIt) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  const Oracle oracle;
  const std::map<std::string, std::string> then = {{"dare_linear", "task-arithmetic"}, {"dare_ties", "ties"}};
  int checked = 0;
  for (const auto& one_case : oracle.facts.at("cases")) {
    const auto rule = then.find(one_case.at("method").get<std::string>());
    if (rule == then.end()) continue;
    ++checked;
    Parameters parameters{{"lambda", one_case.at("params").at("lambda").get<double>()}};
    if (rule->second == "ties") parameters["density"] = 1.0;
    const auto fused = fuse(dropped(oracle, one_case), *conflict_resolvers().make("none"),
                            *fusion_rules().make(rule->second, parameters));
    for (const auto& [id, delta] : fused)
      EXPECT_LT(distance(llm::dense(delta), oracle.tensors.read("out." + rule->first + "." + id.name())), tolerance)
          << rule->first << ", " << id.name();
  }
  EXPECT_EQ(checked, 2);
}

TEST(FusionOracle, StackKeepsTheReferencesRank) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  const Oracle oracle;
  const json one_case = {{"adapters", "H"}, {"params", {{"weights", {0.5, 0.3, 0.2}}}}};
  const auto fused =
      fuse(oracle.contributions(one_case), *conflict_resolvers().make("none"), *fusion_rules().make("stack"));
  for (const auto& [id, delta] : fused) {
    ASSERT_TRUE(std::holds_alternative<llm::LowRank>(delta)) << id.name();
    const auto wanted = oracle.tensors.read("out.flora_factors." + id.name() + ".A");
    EXPECT_EQ(std::get<llm::LowRank>(delta).a.size(0), wanted.size(0)) << id.name();
  }
}

TEST(FusionOracle, TruncationIsWhatFlexLoraSendsEachClient) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  const Oracle oracle;
  int checked = 0;
  for (const auto& one_case : oracle.facts.at("cases")) {
    if (one_case.at("method") != "flexlora") continue;
    const auto name = one_case.at("name").get<std::string>();
    const auto rank = one_case.at("params").at("rank").get<std::int64_t>();
    const auto sum =
        fuse(oracle.contributions(one_case), *conflict_resolvers().make("none"), *fusion_rules().make("stack"));
    for (const auto& [id, change] : sum) {
      for (const auto& form : {change, llm::ModuleDelta{llm::Dense{llm::dense(change)}}}) {
        const auto cut = truncated(form, rank);
        EXPECT_EQ(cut.factors.a.size(0), rank) << name << ", " << id.name();
        EXPECT_LT(distance(llm::dense(cut.factors), oracle.tensors.read("out." + name + "." + id.name())), tolerance)
            << name << ", " << id.name();
        EXPECT_NEAR(cut.lost, one_case.at("tail_norm").at(id.name()).get<double>(), tolerance) << name;
        ++checked;
      }
    }
  }
  EXPECT_EQ(checked, 18) << "three clients, three modules, factors and matrices";
}

TEST(FusionOracle, SignConflictsAreWhereTheReferenceFindsThem) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  const Oracle oracle;
  int checked = 0;
  for (const auto& one_case : oracle.facts.at("cases")) {
    if (one_case.at("method") != "cr_sign" || one_case.at("params").at("then") != "sum") continue;
    const auto& params = one_case.at("params");
    const auto name = one_case.at("name").get<std::string>();
    const auto prefix = "out." + name.substr(0, name.rfind('_')) + "_conflict.";
    const auto weights = params.at("weights").get<std::vector<double>>();
    const auto contributions = oracle.contributions(one_case);
    for (const auto& [module, wanted] : one_case.at("conflict_entries").items()) {
      std::vector<at::Tensor> changes;
      for (const auto& c : contributions)
        changes.push_back(llm::dense(c.delta.at(*llm::ModuleId::parse(module))));
      const auto found = find_sign_conflict(changes, weights, params.at("q").get<double>());
      const auto in_conflict = [t = params.at("t").get<double>()](double mass) { return mass > t; };
      EXPECT_EQ(std::ranges::count_if(found.mass, in_conflict), wanted.get<std::int64_t>()) << name << ", " << module;
      ++checked;
      if (!oracle.tensors.contains(prefix + module)) continue;
      const auto mask = oracle.tensors.read(prefix + module, at::kDouble).contiguous();
      for (std::int64_t e = 0; e < mask.numel(); ++e)
        ASSERT_EQ(in_conflict(found.mass[static_cast<std::size_t>(e)]), mask.data_ptr<double>()[e] != 0)
            << name << ", " << module << ", entry " << e;
    }
  }
  EXPECT_EQ(checked, 9);
}

TEST(FusionOracle, ResolvedChangesAreTheReferences) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  const Oracle oracle;
  int checked = 0;
  for (const auto& one_case : oracle.facts.at("cases")) {
    if (one_case.at("method") != "cr_sign" || one_case.at("params").at("then") != "sum") continue;
    const auto name = one_case.at("name").get<std::string>();
    const auto resolver = conflict_resolvers().make("cr-sign", request(one_case)->conflict_parameters);
    const auto contributions = oracle.contributions(one_case);
    const auto modules = server::resolved(source_of(contributions), *resolver);
    for (const auto& [id, shape] : modules.shapes) {
      for (const auto& part : modules.parts(id)) {
        const auto key =
            "out." + name.substr(0, name.rfind('_')) + "_resolved." + std::to_string(part.index) + "." + id.name();
        if (!oracle.tensors.contains(key)) continue;
        EXPECT_LT(distance(llm::dense(part.delta), oracle.tensors.read(key)), tolerance) << key;
        ++checked;
      }
    }
  }
  EXPECT_GE(checked, 9) << "no resolved changes in the oracle: is the test looking for the right names?";
}

/// The 2 x 6 example with exact ties and zeros, which can be followed by hand.
struct HandExample {
  std::vector<Contribution> contributions;
  json facts;

  explicit HandExample(const json& hand, bool negated) : facts(hand) {
    std::uint32_t client = 0;
    for (const auto& input : hand.at("inputs"))
      contributions.push_back(
          {.client = client++, .weight = 1, .delta = {{testing::q0, llm::Dense{(negated ? -1 : 1) * matrix(input)}}}});
  }
  static at::Tensor matrix(const json& rows) {
    auto tensor =
        at::empty({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.at(0).size())}, at::kFloat);
    auto* out = tensor.data_ptr<float>();
    for (const auto& row : rows)
      for (const auto& x : row)
        *out++ = x.get<float>();
    return tensor;
  }
  void expect(const std::string& key, const ConflictResolver& resolver, const std::string& rule,
              const Parameters& parameters) const {
    const auto fused = fuse(contributions, resolver, *fusion_rules().make(rule, parameters));
    const auto got = llm::dense(fused.at(testing::q0));
    const auto wanted = matrix(facts.at("results").at(key));
    EXPECT_LT(distance(got, wanted), 1e-6) << key << ": got\n" << got << "\nwanted\n" << wanted;
  }
};

TEST(FusionOracle, TheExampleByHandComesOutExactly) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  const Oracle oracle;
  const auto& hand = oracle.facts.at("hand");
  for (const auto& [name, params] : hand.at("params").items()) {
    const HandExample example{hand, params.at("negate_inputs").get<bool>()};
    const auto resolver = conflict_resolvers().make("cr-sign", {{"q", params.at("q").get<double>()},
                                                                {"t", params.at("t").get<double>()},
                                                                {"beta", params.at("beta").get<double>()}});
    example.expect("out.hand_" + name + "_sum", *resolver, "task-arithmetic", {{"lambda", 1.0}});
    example.expect("out.hand_" + name + "_mean_nonzero", *resolver, "mean-nonzero", {});
  }
  for (const auto* scope : {"tensor", "model"})
    HandExample{hand, false}.expect("out.hand_ties", *conflict_resolvers().make("none"), "ties",
                                    {{"density", 1.0}, {"scope", std::string{scope}}});
}

}  // namespace
}  // namespace edgefuse::server
