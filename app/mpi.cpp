#include "app/mpi.hpp"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "sim/error.hpp"

#ifdef EDGEFUSE_MPI
#include <mpi.h>
#endif

namespace edgefuse::app {
namespace {

/// How many processes the launcher says there are: Open MPI, MPICH and Slurm each have a variable of their own.
int launched_processes() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const char* value = std::getenv(name)) return std::atoi(value);
  return 1;
}

#ifdef EDGEFUSE_MPI
std::vector<std::string> gather(const std::string& mine, int own, int size) {
  if (mine.size() > 0x7fffffff) throw RunError{"more than 2 GB of results for one exchange: use smaller rounds"};
  const auto length = static_cast<int>(mine.size());
  std::vector<int> lengths(static_cast<std::size_t>(size));
  MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD);
  std::vector<std::string> all;
  for (int rank = 0; rank < size; ++rank) {
    std::string message(static_cast<std::size_t>(lengths[static_cast<std::size_t>(rank)]), '\0');
    if (own == rank) message = mine;
    MPI_Bcast(message.data(), static_cast<int>(message.size()), MPI_BYTE, rank, MPI_COMM_WORLD);
    all.push_back(std::move(message));
  }
  return all;
}
#endif

}  // namespace

MpiSession::MpiSession() {
  if (launched_processes() <= 1) return;
#ifdef EDGEFUSE_MPI
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  started_ = true;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
#else
  throw InputError{{.problem = std::to_string(launched_processes()) +
                               " processes were started, but this edgefuse was built without MPI",
                    .remedy = "install libopenmpi-dev and build again, or run it alone with --threads"}};
#endif
}

MpiSession::~MpiSession() {
#ifdef EDGEFUSE_MPI
  if (started_) MPI_Finalize();
#endif
}

void MpiSession::abort(int code) const {
#ifdef EDGEFUSE_MPI
  if (started_) MPI_Abort(MPI_COMM_WORLD, code);
#endif
  std::exit(code);
}

std::vector<std::string> MpiSession::gather(const std::string& mine) const {
#ifdef EDGEFUSE_MPI
  if (started_) return app::gather(mine, rank_, size_);
#endif
  return {mine};
}

llm::Crew MpiSession::crew(unsigned workers) const {
  return {.rank = rank_, .size = size_, .workers = workers, .gather = [this](const std::string& mine) {
            return gather(mine);
          }};
}

}  // namespace edgefuse::app
