#include "app/bench/fuse.hpp"

#include <cmath>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "app/bench/fusion_speed.hpp"
#include "app/exit_codes.hpp"
#include "app/option_values.hpp"
#include "server/fusion/fusion_rule.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;
using nlohmann::ordered_json;

constexpr Usage usage = {"edgefuse bench fuse [--shape 4096x11008]... [--methods a,b] [options]",
                         "Takes the time and memory of each fusion rule on one core, for modules of Llama-7B's shapes, "
                         "and of the decomposition "
                         "of the dense sum that others use in flexlora's place (--dense, minutes).",
                         "edgefuse bench fuse --shape 512x1376 --dense"};

/// Llama-7B's attention, gate and up, and down.
const std::vector<llm::MatrixShape> llama_7b = {{4096, 4096}, {11008, 4096}, {4096, 11008}};

po::options_description option_list() {
  po::options_description options{"options"};
  auto add = options.add_options();
  add("shape", po::value<std::vector<std::string>>(),
      "OUTxIN of a module; may be repeated; Llama-7B's three by default");
  add("adapters", po::value<std::int64_t>()->default_value(10), "how many are fused");
  add("rank", po::value<std::int64_t>()->default_value(16), "of each of them");
  add("methods", po::value<std::string>(), "rules to measure, a,b,c; all by default");
  add("repeats", po::value<std::int64_t>()->default_value(1), "how often each is measured; the best is reported");
  add("dense", po::bool_switch(), "also decompose the dense sum whole, and compare with flexlora");
  add("float64", po::bool_switch(), "decompose it in float64: slower than others are, to compare results");
  add("json", po::bool_switch(), "print one JSON object");
  add("help", "print this help");
  return options;
}

std::vector<llm::MatrixShape> shapes(OptionValues& values) {
  if (!values.given("shape")) return llama_7b;
  std::vector<llm::MatrixShape> shapes;
  for (const auto& text : values.get<std::vector<std::string>>("shape")) {
    llm::MatrixShape shape;
    char cross = 0;
    char more = 0;
    if (std::sscanf(text.c_str(), "%ld%c%ld%c", &shape.out, &cross, &shape.in, &more) != 3 || cross != 'x' ||
        shape.out < 1 || shape.in < 1)
      values.note("shape", fmt::format("\"{}\" is no shape", text), "write OUTxIN, such as 4096x11008");
    shapes.push_back(shape);
  }
  return shapes;
}

std::vector<std::string> methods(OptionValues& values) {
  if (values.given("methods")) return values.words("methods");
  std::vector<std::string> names;
  const auto rules = server::fusion_rules();
  for (const auto& method : rules.methods())
    names.push_back(method.name);
  return names;
}

ordered_json json_of(const std::vector<RuleSpeed>& speeds) {
  auto rows = ordered_json::array();
  for (const auto& speed : speeds)
    rows.push_back({{"method", speed.rule},
                    {"seconds", std::isnan(speed.seconds) ? ordered_json(nullptr) : ordered_json(speed.seconds)},
                    {"peak_bytes", speed.peak_bytes},
                    {"refused", speed.refused.empty() ? ordered_json(nullptr) : ordered_json(speed.refused)}});
  return rows;
}

ordered_json json_of(const DenseSpeed& speed) {
  return {{"dense_svd_seconds", speed.dense_seconds},
          {"dense_svd_peak_bytes", speed.dense_peak_bytes},
          {"flexlora_seconds", speed.factors_seconds},
          {"ratio", speed.dense_seconds / speed.factors_seconds},
          {"relative_difference", speed.difference}};
}

void print(const RuleSpeed& speed, std::ostream& out) {
  if (speed.refused.empty())
    out << fmt::format("  {:<26} {:>10.4f} s  {:>8.1f} MB\n", speed.rule, speed.seconds,
                       static_cast<double>(speed.peak_bytes) / 1e6);
  else
    out << fmt::format("  {:<26} cannot: {}\n", speed.rule, speed.refused);
}

void print(const DenseSpeed& speed, std::ostream& out) {
  out << fmt::format(
      "  dense sum and its whole SVD  {:.2f} s, {:.0f} MB; flexlora {:.4f} s: {:.0f} times as fast, and "
      "{:.1e} apart\n",
      speed.dense_seconds, static_cast<double>(speed.dense_peak_bytes) / 1e6, speed.factors_seconds,
      speed.dense_seconds / speed.factors_seconds, speed.difference);
}

}  // namespace

int bench_fuse(const Arguments& arguments, Console console) {
  const auto parsed = parse_options(usage, option_list(), nullptr, arguments, console);
  if (!parsed) return exit_done;
  OptionValues values{*parsed};
  for (const char* name : {"adapters", "rank", "repeats"})
    values.require_above(name, 0);
  const auto wanted = shapes(values);
  const auto rules = methods(values);
  values.throw_mistakes();
  const bool as_json = values.get<bool>("json");
  auto all = ordered_json::array();
  for (const auto& shape : wanted) {
    const FusionLoad load{
        .shape = shape, .adapters = values.get<std::int64_t>("adapters"), .rank = values.get<std::int64_t>("rank")};
    const auto speeds = measure_rules(load, rules, values.get<std::int64_t>("repeats"));
    all.push_back({{"shape", {shape.out, shape.in}},
                   {"adapters", load.adapters},
                   {"rank", load.rank},
                   {"rules", json_of(speeds)}});
    if (!as_json) {
      console.out << fmt::format("{} adapters of rank {} on {} x {}\n", load.adapters, load.rank, shape.out, shape.in);
      for (const auto& speed : speeds)
        print(speed, console.out);
    }
    if (!values.get<bool>("dense")) continue;
    const auto dense = measure_dense_svd(load, values.get<bool>("float64"));
    all.back()["dense_svd"] = json_of(dense);
    if (!as_json) print(dense, console.out);
  }
  if (as_json) console.out << ordered_json{{"modules", std::move(all)}} << '\n';
  return exit_done;
}

}  // namespace edgefuse::app
