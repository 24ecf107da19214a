#include "app/bench/train.hpp"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "app/bench/training_speed.hpp"
#include "app/exit_codes.hpp"
#include "app/longest_text.hpp"
#include "app/option_values.hpp"
#include "llm/device.hpp"
#include "llm/model.hpp"
#include "llm/pruning/pruner.hpp"
#include "llm/variant.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;

constexpr Usage usage = {
    "edgefuse bench train --model DIR [options]",
    "Takes the time of training many clients' adapters on random tokens, and of the matrix products of this machine "
    "in the same run. Gangs of clients run through the frozen model together, each gang on one thread.",
    "edgefuse bench train --model data/models/atlas-base --clients 16 --precision bf16 --json"};

po::options_description option_list() {
  po::options_description options{"options"};
  // clang-format off
  options.add_options()
      ("model", po::value<std::string>()->required(), "folder of the model")
      ("ratio", po::value<double>()->default_value(0), "train on the variant of this pruning ratio")
      ("protect", po::value<std::int64_t>()->default_value(0), "layers at each end that pruning leaves whole")
      ("clients", po::value<std::int64_t>()->default_value(16), "adapters to train")
      ("steps", po::value<std::int64_t>()->default_value(2), "optimiser steps of each")
      ("batch", po::value<std::int64_t>()->default_value(4), "texts in one step")
      ("sequence", po::value<std::int64_t>()->default_value(128), "tokens in a text")
      ("loss", po::value<std::string>()->default_value("full"), "full: a label at every position; answer: one, at the end of the text")
      ("rank", po::value<std::int64_t>()->default_value(8), "LoRA rank")
      ("targets", po::value<std::string>()->default_value("q,v"), "projections to adapt: some of q,k,v,o,gate,up,down")
      ("precision", po::value<std::string>()->default_value("fp32"), "of the products with the frozen weights: fp32 or bf16")
      ("base", po::value<std::string>()->default_value("exact"), "how the frozen base is held: exact, int8 or nf4")
      ("dropout", po::value<double>()->default_value(0), "on the adapters' inputs")
      ("recompute", po::bool_switch(), "compute the forward of every block again instead of keeping it")
      ("gang", po::value<std::int64_t>()->default_value(16), "clients that run through the model together")
      ("threads", po::value<std::int64_t>()->default_value(1), "gangs trained at the same time")
      ("device", po::value<std::string>()->default_value("cpu"), device_help)
      ("repeats", po::value<std::int64_t>()->default_value(3), "how often all is measured; medians are reported")
      ("json", po::bool_switch(), "print one JSON object")
      ("help", "print this help");
  // clang-format on
  return options;
}

struct Request {
  TrainingLoad load;
  double ratio = 0;
  std::int64_t protect = 0;
  llm::Quantisation quantisation = llm::Quantisation::none;
  at::Device device = at::kCPU;
};

Request check_options(OptionValues& values) {
  for (const char* name : {"clients", "steps", "batch", "rank", "gang", "threads", "repeats"})
    values.require_above(name, 0);
  values.require_above("sequence", 1);
  values.require_at_most("rank", most_rank);
  values.require_at_most("clients", 1'000'000);
  values.require_at_most("batch", most_texts);
  values.require_at_most("steps", most_epochs);
  values.require_at_most("repeats", most_epochs);
  values.require_at_most("threads", 1024);
  Request request{.load = {}, .ratio = values.share("ratio"), .quantisation = values.quantisation("base")};
  values.require_above("protect", -1);
  request.protect = values.get<std::int64_t>("protect");
  TrainingLoad& load = request.load;
  load.clients = values.get<std::int64_t>("clients");
  load.steps = values.get<std::int64_t>("steps");
  load.batch = values.get<std::int64_t>("batch");
  load.sequence = values.get<std::int64_t>("sequence");
  load.answers_only = values.choice("loss", {"full", "answer"}) == 1;
  load.adapter = {.rank = values.get<std::int64_t>("rank"),
                  .alpha = 2 * static_cast<double>(values.get<std::int64_t>("rank")),
                  .rslora = false,
                  .targets = values.projections("targets")};
  load.training.precision = values.precision("precision");
  load.training.dropout = values.share("dropout");
  load.training.recompute = values.get<bool>("recompute");
  load.gang = values.get<std::int64_t>("gang");
  load.threads = static_cast<unsigned>(values.get<std::int64_t>("threads"));
  load.repeats = values.get<std::int64_t>("repeats");
  values.throw_mistakes();
  request.device = values.device("device", load.training.recompute);
  return request;
}

llm::Model variant_of(const std::string& folder, const Request& request) {
  const auto base = llm::load_model(folder);
  const auto pruner = llm::pruners().make("magnitude");
  const auto sorted = llm::sort_by_importance(base, llm::order_of(pruner->rank(base, {})));
  return llm::slice(llm::hold(sorted, request.load.training.precision, request.quantisation),
                    llm::variant_shape(base.config, request.ratio, request.protect, request.protect));
}

nlohmann::ordered_json json_of(const TrainingSpeed& speed) {
  return {{"ms_per_client_step", speed.ms_per_client_step}, {"tokens_per_s", speed.tokens_per_s},
          {"gemm_gflops_peak", speed.gemm_gflops_peak},     {"gemm_fraction", speed.gemm_fraction},
          {"padding_fraction", speed.padding_fraction},     {"peak_rss_bytes", speed.peak_rss_bytes}};
}

void print_text(const TrainingSpeed& speed, bool on_card, std::ostream& out) {
  out << fmt::format("per client and step   {:.2f} ms\n", speed.ms_per_client_step)
      << fmt::format("throughput            {:.0f} tokens/s\n", speed.tokens_per_s)
      << fmt::format("matrix products       {:.0f} GFLOP/s at best on {}; training reaches {:.0f} % of it\n",
                     speed.gemm_gflops_peak, on_card ? "this card" : "one thread here", 100 * speed.gemm_fraction)
      << fmt::format("padding               {:.1f} %\n", 100 * speed.padding_fraction)
      << fmt::format("memory                {:.0f} MB at its peak, of the process\n",
                     static_cast<double>(speed.peak_rss_bytes) / 1e6);
}

}  // namespace

int bench_train(const Arguments& arguments, Console console) {
  const auto parsed = parse_options(usage, option_list(), nullptr, arguments, console);
  if (!parsed) return exit_done;
  OptionValues values{*parsed};
  const Request request = check_options(values);
  const TrainingLoad& load = request.load;
  const auto variant = llm::on_device(variant_of(values.text("model"), request), request.device);
  require_readable(load.sequence, variant.config);
  const auto speed = measure_training(variant, load);
  if (values.get<bool>("json"))
    console.out << json_of(speed) << '\n';
  else
    print_text(speed, !request.device.is_cpu(), console.out);
  return exit_done;
}

}  // namespace edgefuse::app
