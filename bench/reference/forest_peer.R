# R's ranger on the rows of bench/run.ts: as forest_peer.py. Usage: Rscript forest_peer.R THREADS FOLDER NUM_TREES SEED
args <- commandArgs(TRUE)
read <- function(part) {
  size <- file.info(file.path(args[2], paste0(part, ".u16")))$size / 2
  y <- readBin(file.path(args[2], paste0(part, ".u16")), "integer", size, 2, FALSE)
  values <- file.info(file.path(args[2], paste0(part, ".f32")))$size / 4
  x <- matrix(readBin(file.path(args[2], paste0(part, ".f32")), "numeric", values, 4), nrow = size)
  colnames(x) <- paste0("x", seq_len(ncol(x)))
  list(x = x, y = factor(y))
}
train <- read("train")
test <- read("test")
threads <- as.integer(args[1])
fit <- system.time(forest <- ranger::ranger(
  x = train$x, y = train$y, num.trees = as.integer(args[3]), num.threads = threads, seed = as.integer(args[4]),
  probability = TRUE, min.node.size = 1
))
time <- system.time(p <- predict(forest, test$x, num.threads = threads)$predictions)
accuracy <- mean(colnames(p)[max.col(p, "first")] == test$y)
cat(sprintf('{"fit":%f,"fitCpu":%f,"predict":%f,"predictCpu":%f,"accuracy":%f}\n',
            fit[["elapsed"]], sum(fit[1:2]), time[["elapsed"]], sum(time[1:2]), accuracy))
