;; Binary trees: many short-lived ones of each depth beside one that stays.
(use-modules (bench))

(define (tree depth)
  (if (= depth 0)
      #f
      (cons (tree (- depth 1)) (tree (- depth 1)))))

(define (nodes t)
  (if t (+ 1 (nodes (car t)) (nodes (cdr t))) 1))

(define (many times depth sum)
  (if (= times 0) sum (many (- times 1) depth (+ sum (nodes (tree depth))))))

(define (depths depth max sum)
  (if (> depth max)
      sum
      (depths (+ depth 2) max (+ sum (many (expt 2 (+ 4 (- max depth))) depth 0)))))

(bench
 (lambda (max)
   (let* ((stays (tree max))
          (sum (depths 4 max 0)))
     (+ sum (nodes stays)))))
