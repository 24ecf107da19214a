#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "llm/delta.hpp"
#include "llm/safetensors.hpp"
#include "tests/app/tiny_world.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

using nlohmann::json;

/// `edgefuse fuse` on the oracle's adapters, against the oracle's results.
class FuseOracle : public ::testing::Test {
 protected:
  std::filesystem::path oracles = edgefuse::testing::assets() / "oracles";
  std::filesystem::path out = edgefuse::testing::scratch_folder() / "fused";

  [[nodiscard]] json facts() const { return json::parse(std::ifstream{oracles / "fusion-peft.json"}); }

  /// The names of rules are those of the oracle with `-` for `_`; what is left of its parameters are the rule's.
  [[nodiscard]] std::vector<std::string> asked(const json& one_case) const {
    std::vector<std::string> arguments = {"fuse"};
    auto method = dashed(one_case.at("method").get<std::string>());
    auto params = one_case.at("params");
    params.erase("majority_sign_method");  // "total" is what there is
    if (params.contains("svd_rank")) {
      method = "weighted-sum";
      arguments.insert(arguments.end(), {"--rank", params.at("svd_rank").dump()});
      params.erase("svd_rank");
    }
    if (method == "peft-cat") method = "weighted-sum";
    std::string set = "--set";
    if (method == "cr-sign") {
      arguments.insert(arguments.end(), {"--conflict", method});
      method = dashed(params.at("then").get<std::string>());
      params.erase("then");
      set = "--conflict-set";
    }
    arguments.insert(arguments.end(), {"--method", method});
    for (const auto& [name, value] : params.items()) {
      if (name == "weights") {
        auto list = value.dump();
        arguments.push_back("--weights=" + list.substr(1, list.size() - 2));
      } else {
        arguments.insert(arguments.end(),
                         {set, name + "=" + (value.is_string() ? value.get<std::string>() : value.dump())});
      }
    }
    for (int i = 0; i < 3; ++i)
      arguments.push_back(
          (oracles / "fusion-peft-adapters" / one_case.at("adapters").get<std::string>() / std::to_string(i)).string());
    return arguments;
  }

  static std::string dashed(std::string name) {
    for (auto& c : name)
      if (c == '_') c = '-';
    return name;
  }

  /// Largest distance to the reference over all modules.
  [[nodiscard]] double distance(const llm::ModelDelta& fused, const std::string& name) const {
    const llm::SafetensorsFile reference{oracles / "fusion-peft.safetensors"};
    double largest = 0;
    for (const auto& [id, change] : fused) {
      const auto wanted = reference.read("out." + name + "." + id.name(), at::kDouble);
      largest = std::max(largest, (llm::dense(change).to(at::kDouble) - wanted).abs().max().item<double>());
    }
    return largest;
  }

  [[nodiscard]] llm::ModelDelta fused(std::vector<std::string> arguments, const std::string& output) const {
    arguments.insert(arguments.end(), {"--output", output, "--out", out.string()});
    const auto outcome = testing::edgefuse(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    if (outcome.code != 0) return {};
    if (output == "lora") return llm::to_delta(llm::load_adapter(out));
    llm::ModelDelta delta;
    const llm::SafetensorsFile file{out / "delta.safetensors"};
    for (const auto& [name, entry] : file.entries())
      delta.emplace(*llm::ModuleId::parse(name), llm::Dense{file.read(name)});
    return delta;
  }
};

TEST_F(FuseOracle, AgreesWithEveryCaseThatDrawsNoRandomNumbers) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  int checked = 0;
  const auto known = facts();
  for (const auto& one_case : known.at("cases")) {
    const auto name = one_case.at("name").get<std::string>();
    const auto method = one_case.at("method").get<std::string>();
    // The oracle's own masks cannot be drawn here; peft_svd_raw holds PEFT's defect.
    if (method.starts_with("dare") || name == "peft_svd_raw") continue;
    const bool cut = one_case.at("params").contains("svd_rank");
    const auto change = fused(asked(one_case), cut ? "lora" : "dense");
    ASSERT_EQ(change.size(), 3U) << name;
    EXPECT_LT(distance(change, name), 1e-5) << name;
    ++checked;
  }
  EXPECT_EQ(checked, 46);
}

TEST_F(FuseOracle, AnAdapterOfFullRankIsTheSameChange) {
  EDGEFUSE_NEEDS_ASSET("oracles/fusion-peft.json");
  const auto known = facts();
  for (const auto& one_case : known.at("cases")) {
    const auto name = one_case.at("name").get<std::string>();
    if (name != "weighted_sum" && name != "ties_1_model" && name != "core_ties" && name != "tsv") continue;
    auto arguments = asked(one_case);
    arguments.insert(arguments.end(), {"--rank", "12"});  // no module has more
    EXPECT_LT(distance(fused(arguments, "lora"), name), 1e-5) << name;
  }
}

}  // namespace
}  // namespace edgefuse::app
